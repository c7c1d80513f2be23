#include "ranklens/study/pendulum/motion.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/stack.h>

#include "ranklens/base/error.h"
#include "ranklens/base/random.h"

namespace ranklens::study::pendulum {
namespace {

using Pair = std::array<double, 2>;  // angle and speed

Pair runge_kutta(const Motion& motion, const Pair& now, double h) {
  const auto slope = [&](const Pair& at) {
    return Pair{at[1], -motion.gravity / motion.length * std::sin(at[0])};
  };
  const auto along = [&](const Pair& direction, double part) {
    return Pair{now[0] + part * direction[0], now[1] + part * direction[1]};
  };
  const auto a = slope(now), b = slope(along(a, h / 2)), c = slope(along(b, h / 2)),
             d = slope(along(c, h));
  return {now[0] + h / 6 * (a[0] + 2 * b[0] + 2 * c[0] + d[0]),
          now[1] + h / 6 * (a[1] + 2 * b[1] + 2 * c[1] + d[1])};
}

at::Tensor points_of(const Cloud& cloud, double turn) {
  const auto angles = cloud.angles + turn;
  return at::stack({cloud.lengths * angles.sin(), -cloud.lengths * angles.cos()}, 1);
}

}  // namespace

std::vector<double> swing(const Motion& motion, double step, std::int64_t count) {
  base::require(step > 0 && motion.length > 0 && count >= 1,
                "a pendulum swings with a length, a step and a number of frames above 0");
  const auto parts = std::max(1.0, std::ceil(step / 1e-3));
  Pair now{motion.angle, motion.speed};
  std::vector<double> angles;
  for (std::int64_t frame = 0; frame < count; ++frame) {
    angles.push_back(now[0]);
    for (std::int64_t part = 0; static_cast<double>(part) < parts; ++part) {
      now = runge_kutta(motion, now, step / parts);
    }
  }
  return angles;
}

Cloud make_cloud(const Motion& motion, std::int64_t points, double spread, std::uint64_t seed) {
  base::require(points >= 3 && spread >= 0,
                "a cloud has at least 3 points and a spread of at least 0");
  base::Stream stream(seed, "data", "pendulum");
  return {stream.uniform({points}, 0, motion.length, at::kDouble),
          stream.normal({points}, motion.angle, spread, at::kDouble)};
}

at::Tensor centre(const Cloud& cloud, double turn) { return points_of(cloud, turn).mean(0); }

at::Tensor centred(const Cloud& cloud, double turn) {
  const auto points = points_of(cloud, turn);
  return points - points.mean(0, /*keepdim=*/true);
}

}  // namespace ranklens::study::pendulum
