#include "ranklens/tn/diagram/labels.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace ranklens::tn::diagram {
namespace {

constexpr double kUnit = 72;    // pixels between neighbours
constexpr double kMargin = 20;  // free space between two tensors, at least

/// The middle of a label of that width at some distance from the curve.
Point beside(const Cubic& curve, double t, double away, double width) {
  const Point along = at(curve, t + 0.1) - at(curve, t - 0.1);
  const double length = std::max(1e-9, std::hypot(along.x, along.y));
  Point normal = (1 / length) * Point{along.y, -along.x};
  if (normal.y > 0.3 || (std::abs(normal.y) <= 0.3 && normal.x < 0)) normal = -1.0 * normal;
  const Point bulge = at(curve, 0.5) - 0.5 * (curve[0] + curve[3]);
  if (bulge.x * normal.x + bulge.y * normal.y < -2) normal = -1.0 * normal;
  const double across = std::abs(normal.x) * (width / 2 - 3);
  return at(curve, t) + (away + (away > 0 ? across : -across)) * normal;
}

bool crosses(const Line& line, Point place, double width) {
  for (std::size_t piece = 0; piece + 3 < line.points.size(); piece += 3) {
    const Cubic curve{line.points[piece], line.points[piece + 1], line.points[piece + 2],
                      line.points[piece + 3]};
    for (int k = 0; k <= 24; ++k) {
      const Point p = at(curve, k / 24.0) - place;
      if (std::abs(p.x) < width / 2 && std::abs(p.y) < 6) return true;
    }
  }
  return false;
}

/// What a label there would lie on: lines, and, which is worse, labels and tensors.
int meetings(const Scene& scene, const std::vector<Shape>& shapes, Point place, double width) {
  int count = 0;
  for (const Text& text : scene.texts) {
    const double half = text_width(text) / 2;
    const Point apart = text.at - Point{half * text.anchor, 0} - place;
    if (std::abs(apart.x) < width / 2 + half && std::abs(apart.y) < 12) count += 3;
  }
  for (const Shape& shape : shapes) count += inside(shape, place, 6) ? 3 : 0;
  for (const Line& line : scene.lines) count += crosses(line, place, width) ? 1 : 0;
  return count;
}

}  // namespace

Point label_place(const Scene& scene, const std::vector<Shape>& shapes, const Cubic& curve,
                  double width, double away) {
  Point best;
  int least = INT32_MAX;
  for (const double t : {0.5, 0.36, 0.64}) {
    for (const double side : {1.0, -1.0}) {
      const Point place = beside(curve, t, side * away, width);
      const int met = meetings(scene, shapes, place, width);
      if (met >= least) continue;
      least = met;
      best = place;
    }
  }
  return best;
}

std::vector<double> spread(const std::vector<double>& at, const std::vector<double>& half_sizes) {
  std::vector<std::size_t> order(at.size());
  for (std::size_t k = 0; k < order.size(); ++k) order[k] = k;
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return at[a] < at[b]; });
  std::vector<double> result(at.size());
  double from = 0, place = 0, reach = 0;  // of the column before
  for (std::size_t k = 0; k < order.size();) {
    std::size_t end = k;
    double widest = 0;
    while (end < order.size() && at[order[end]] - at[order[k]] < 0.3) {
      widest = std::max(widest, half_sizes[order[end++]]);
    }
    const double step = at[order[k]] - from;
    // Half steps and less are no columns of their own: nothing need be made wider for them.
    const double need = step > 0.7 ? reach + widest + kMargin : 0;
    place = k == 0 ? 0 : std::max(place + step * kUnit, place + need);
    from = at[order[k]];
    reach = widest;
    for (; k < end; ++k) result[order[k]] = place + (at[order[k]] - from) * kUnit;
  }
  return result;
}

}  // namespace ranklens::tn::diagram
