#include "ranklens/data/scenes/shapes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace ranklens::data::scenes {
namespace {

// Thickness of a ring as a share of its radius.
constexpr double ring_width = 0.42;

// An implicit function with |gradient| scaled out later: negative inside, in part units, where the
// part spans [-1, 1]². `gx` and `gy` receive the gradient.
double implicit(Shape shape, double u, double v, double& gx, double& gy) {
  const auto pick = [&](double value, double du, double dv, double& best) {
    if (value > best) {
      best = value;
      gx = du;
      gy = dv;
    }
  };
  double best = -1e30;
  const double radius = std::sqrt(u * u + v * v) + 1e-9;
  switch (shape) {
    case Shape::disc:
      pick(radius - 1, u / radius, v / radius, best);
      break;
    case Shape::ring:
      pick(radius - 1, u / radius, v / radius, best);
      pick(1 - ring_width - radius, -u / radius, -v / radius, best);
      break;
    case Shape::half_disc: {
      // The disc of radius 1 in u and 2 in v about (0, 1), above the line v = 1.
      const double w = (v - 1) / 2;
      const double r = std::sqrt(u * u + w * w) + 1e-9;
      pick(r - 1, u / r, w / (2 * r), best);
      pick(v - 1, 0, 1, best);
      break;
    }
    case Shape::box:
      pick(std::abs(u) - 1, u < 0 ? -1 : 1, 0, best);
      pick(std::abs(v) - 1, 0, v < 0 ? -1 : 1, best);
      break;
    case Shape::triangle:
      // Tip (0, -1), base from (-1, 1) to (1, 1).
      pick(std::abs(u) - (v + 1) / 2, u < 0 ? -1 : 1, -0.5, best);
      pick(v - 1, 0, 1, best);
      break;
  }
  return best;
}

}  // namespace

PlacedPart::PlacedPart(const Part& part, const Pose& pose) : shape_(part.shape) {
  const double sx = pose.scale * pose.stretch * (pose.mirror ? -1 : 1);
  const double sy = pose.scale / pose.stretch;
  const double c = std::cos(pose.turn), s = std::sin(pose.turn);
  // Figure -> pixels.
  const double axx = c * sx, axy = -s * sy, ayx = s * sx, ayy = c * sy;
  x_ = pose.x + axx * part.x + axy * part.y;
  y_ = pose.y + ayx * part.x + ayy * part.y;
  // Part units -> figure -> pixels.
  const double pc = std::cos(part.turn), ps = std::sin(part.turn);
  const double mxx = (axx * pc + axy * ps) * part.width;
  const double mxy = (-axx * ps + axy * pc) * part.height;
  const double myx = (ayx * pc + ayy * ps) * part.width;
  const double myy = (-ayx * ps + ayy * pc) * part.height;
  const double determinant = mxx * myy - mxy * myx;
  xx_ = myy / determinant;
  xy_ = -mxy / determinant;
  yx_ = -myx / determinant;
  yy_ = mxx / determinant;
  reach_ = std::max(std::abs(mxx) + std::abs(mxy), std::abs(myx) + std::abs(myy)) + 1;
}

double PlacedPart::distance(double x, double y) const {
  const double dx = x - x_, dy = y - y_;
  double gu = 0, gv = 0;
  const double value = implicit(shape_, xx_ * dx + xy_ * dy, yx_ * dx + yy_ * dy, gu, gv);
  const double gx = gu * xx_ + gv * yx_, gy = gu * xy_ + gv * yy_;
  return value / std::sqrt(gx * gx + gy * gy);
}

double PlacedPart::coverage(double x, double y) const {
  return std::clamp(0.5 - distance(x, y), 0.0, 1.0);
}

double area(const std::vector<Part>& parts) {
  constexpr int cells = 24;
  constexpr double unit = cells / 2.9;  // cells a figure unit
  std::array<float, std::size_t{cells} * cells> cover{};
  for (const auto& part : parts) {
    const PlacedPart placed(part, {.x = cells / 2.0, .y = cells / 2.0, .scale = unit});
    for_covered(placed, cells, [&](int y, int x, float share) {
      float& covered = cover[static_cast<std::size_t>(y) * cells + static_cast<std::size_t>(x)];
      covered = std::max(covered, share);
    });
  }
  return std::accumulate(cover.begin(), cover.end(), 0.0) / (unit * unit);
}

}  // namespace ranklens::data::scenes
