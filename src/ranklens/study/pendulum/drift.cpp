#include "ranklens/study/pendulum/drift.h"

#include <algorithm>
#include <cmath>

#include "ranklens/base/error.h"

namespace ranklens::study::pendulum {
namespace {

RankOne slope(double s1, double s2, const RankOne& at) {
  const double ca = std::cos(at.a), sa = std::sin(at.a), cb = std::cos(at.b), sb = std::sin(at.b);
  return {-(s1 * sa * sb + s2 * ca * cb) / at.q, (s1 * ca * cb + s2 * sa * sb) / at.q - 1,
          s1 * ca * sb - s2 * sa * cb};
}

RankOne along(const RankOne& at, const RankOne& direction, double h) {
  return {at.a + h * direction.a, at.b + h * direction.b, at.q + h * direction.q};
}

RankOne runge_kutta_step(double s1, double s2, const RankOne& at, double h) {
  const auto k1 = slope(s1, s2, at), k2 = slope(s1, s2, along(at, k1, h / 2)),
             k3 = slope(s1, s2, along(at, k2, h / 2)), k4 = slope(s1, s2, along(at, k3, h));
  RankOne next = along(at, k1, h / 6);
  next = along(next, k2, h / 3);
  next = along(next, k3, h / 3);
  return along(next, k4, h / 6);
}

}  // namespace

std::vector<RankOne> rank_one_flow(double s1, double s2, const std::vector<double>& phi) {
  base::require(s1 > 0 && s2 >= 0 && !phi.empty() && phi.front() == 0,
                "the flow begins at the angle 0 and with a first singular value above 0");
  RankOne now{.q = s1};
  std::vector<RankOne> path{now};
  for (std::size_t k = 1; k < phi.size(); ++k) {
    const double way = phi[k] - phi[k - 1];
    const auto parts = std::max(1.0, std::ceil(std::abs(way) / 1e-3));
    for (std::int64_t part = 0; static_cast<double>(part) < parts; ++part) {
      now = runge_kutta_step(s1, s2, now, way / parts);
    }
    path.push_back(now);
  }
  return path;
}

double flow_error(double s1, double s2, const RankOne& at) {
  const double ca = std::cos(at.a), sa = std::sin(at.a), cb = std::cos(at.b), sb = std::sin(at.b);
  const double e11 = s1 - at.q * ca * cb, e12 = -at.q * ca * sb, e21 = -at.q * sa * cb,
               e22 = s2 - at.q * sa * sb;
  return std::sqrt(e11 * e11 + e12 * e12 + e21 * e21 + e22 * e22);
}

}  // namespace ranklens::study::pendulum
