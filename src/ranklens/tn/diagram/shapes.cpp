#include "ranklens/tn/diagram/shapes.h"

#include <algorithm>
#include <cmath>

#include "ranklens/tn/diagram/labels.h"

namespace ranklens::tn::diagram {
namespace {

constexpr double kBesideEachOther = 11;  // half the way from one open leg to the next

/// How many legs a tensor has beside each other on one side.
int legs_in_row(const Net& net, std::size_t node, const std::vector<Leaving>& open) {
  int most = 0;
  for (std::size_t w = 0; w < net.wires.size(); ++w) {
    const Wire& wire = net.wires[w];
    if (wire.open() && wire.a.node == static_cast<int>(node) && open[w].parallel)
      most = std::max(most, open[w].count);
  }
  return most;
}

std::vector<Shape> placed(const Net& net, const std::vector<Point>& places,
                          const std::vector<Leaving>& open) {
  std::vector<double> x, y, half_x, half_y;
  for (std::size_t n = 0; n < net.nodes.size(); ++n) {
    x.push_back(places[n].x);
    y.push_back(places[n].y);
    half_x.push_back(
        std::max(net.nodes[n].half_width, kBesideEachOther * legs_in_row(net, n, open)));
    half_y.push_back(net.nodes[n].half_height);
  }
  x = spread(x, half_x);
  y = spread(y, half_y);
  double middle = 0;
  if (!y.empty()) {
    middle = (*std::min_element(y.begin(), y.end()) + *std::max_element(y.begin(), y.end())) / 2;
  }
  std::vector<Shape> shapes;
  for (std::size_t n = 0; n < net.nodes.size(); ++n) {
    shapes.push_back({.form = net.nodes[n].form,
                      .centre = {x[n], y[n] - middle},
                      .half_width = half_x[n],
                      .half_height = half_y[n]});
  }
  return shapes;
}

/// Where the legs of a tensor on one side of ';' go, on average.
struct Pull {
  Point sum = {};
  int count = 0;

  Point mean() const { return (1.0 / std::max(1, count)) * sum; }
};

/// Triangles point to the legs behind ';', which count more than those before it.
void orient(const Net& net, const std::vector<Leaving>& open, std::vector<Shape>& shapes) {
  std::vector<Pull> behind(shapes.size()), before(shapes.size());
  const auto pull = [&](const End& end, Point towards) {
    const double length = std::hypot(towards.x, towards.y);
    if (length < 1e-9) return;
    auto& side = (end.behind ? behind : before)[static_cast<std::size_t>(end.node)];
    side.sum = side.sum + (1 / length) * towards;
    ++side.count;
  };
  for (std::size_t w = 0; w < net.wires.size(); ++w) {
    const Wire& wire = net.wires[w];
    if (wire.open()) {
      pull(wire.a, open[w].direction);
    } else {
      pull(wire.a, shapes[wire.b.node].centre - shapes[wire.a.node].centre);
      pull(wire.b, shapes[wire.a.node].centre - shapes[wire.b.node].centre);
    }
  }
  for (std::size_t n = 0; n < shapes.size(); ++n) {
    const Point d = behind[n].mean() - 0.5 * before[n].mean();
    const bool across = std::abs(d.x) + 0.01 >= std::abs(d.y);
    shapes[n].direction = across ? Point{d.x < 0 ? -1.0 : 1.0, 0} : Point{0, d.y < 0 ? -1.0 : 1.0};
  }
}

}  // namespace

std::vector<Shape> placed_shapes(const Net& net, const std::vector<Point>& places,
                                 const std::vector<Leaving>& open) {
  auto shapes = placed(net, places, open);
  orient(net, open, shapes);
  return shapes;
}

}  // namespace ranklens::tn::diagram
