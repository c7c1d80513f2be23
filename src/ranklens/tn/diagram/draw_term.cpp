#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "ranklens/tn/diagram/draw.h"
#include "ranklens/tn/diagram/geometry.h"
#include "ranklens/tn/diagram/labels.h"
#include "ranklens/tn/diagram/layout.h"

namespace ranklens::tn::diagram {
namespace {

constexpr double kOpen = 26;  // how far an open leg reaches beyond its tensor
constexpr double kBow = 15;   // between parallel wires

class TermDrawing {
 public:
  TermDrawing(const Net& net)
      : net_(net), places_(place(net)), open_(open_directions(net, places_)) {}

  Scene draw() {
    make_shapes();
    orient();
    for (const Cluster& cluster : net_.clusters) outline(cluster);
    for (std::size_t w = 0; w < net_.wires.size(); ++w) {
      const Wire& wire = net_.wires[w];
      if (wire.open()) {
        wire.bent ? draw_bent(wire, open_[w].direction) : draw_open(wire, open_[w]);
      } else if (wire.loop()) {
        draw_loop(wire);
      } else {
        draw_wire(wire);
      }
    }
    for (const auto& [wire, curve] : unlabelled_) label_wire(*wire, curve);
    for (std::size_t n = 0; n < shapes_.size(); ++n) draw_node(n);
    return std::move(scene_);
  }

 private:
  void make_shapes() {
    std::vector<double> x, y, half_x, half_y;
    for (std::size_t n = 0; n < net_.nodes.size(); ++n) {
      x.push_back(places_[n].x);
      y.push_back(places_[n].y);
      half_x.push_back(std::max(net_.nodes[n].half_width, 11.0 * legs_in_row(n)));
      half_y.push_back(net_.nodes[n].half_height);
    }
    x = spread(x, half_x);
    y = spread(y, half_y);
    double middle = 0;
    if (!y.empty()) {
      middle = (*std::min_element(y.begin(), y.end()) + *std::max_element(y.begin(), y.end())) / 2;
    }
    for (std::size_t n = 0; n < net_.nodes.size(); ++n) {
      shapes_.push_back({.form = net_.nodes[n].form,
                         .centre = {x[n], y[n] - middle},
                         .half_width = half_x[n],
                         .half_height = half_y[n]});
    }
  }

  /// How many legs a tensor has beside each other on one side.
  int legs_in_row(std::size_t n) const {
    int most = 0;
    for (std::size_t w = 0; w < net_.wires.size(); ++w) {
      if (net_.wires[w].open() && net_.wires[w].a.node == static_cast<int>(n) && open_[w].parallel)
        most = std::max(most, open_[w].count);
    }
    return most;
  }

  /// Triangles point to the legs behind ';', which count more than those before it.
  void orient() {
    std::vector<Point> behind(shapes_.size()), before(shapes_.size());
    std::vector<int> count_behind(shapes_.size()), count_before(shapes_.size());
    const auto pull = [&](const End& end, Point towards) {
      const double length = std::hypot(towards.x, towards.y);
      if (length < 1e-9) return;
      auto& sum = end.behind ? behind : before;
      sum[end.node] = sum[end.node] + (1 / length) * towards;
      ++(end.behind ? count_behind : count_before)[end.node];
    };
    for (std::size_t w = 0; w < net_.wires.size(); ++w) {
      const Wire& wire = net_.wires[w];
      if (wire.open()) {
        pull(wire.a, open_[w].direction);
      } else {
        pull(wire.a, shapes_[wire.b.node].centre - shapes_[wire.a.node].centre);
        pull(wire.b, shapes_[wire.a.node].centre - shapes_[wire.b.node].centre);
      }
    }
    for (std::size_t n = 0; n < shapes_.size(); ++n) {
      const Point d = (1.0 / std::max(1, count_behind[n])) * behind[n] -
                      (0.5 / std::max(1, count_before[n])) * before[n];
      const bool across = std::abs(d.x) + 0.01 >= std::abs(d.y);
      shapes_[n].direction =
          across ? Point{d.x < 0 ? -1.0 : 1.0, 0} : Point{0, d.y < 0 ? -1.0 : 1.0};
    }
  }

  void add_curve(const Cubic& curve, const Wire& wire) {
    scene_.lines.push_back({.points = {curve.begin(), curve.end()},
                            .width = thickness(wire.size),
                            .note = fmt::format("leg {} of size {}", wire.name, wire.size)});
    for (int k = 0; k <= 8; ++k) {
      const Point p = at(curve, k / 8.0);
      scene_.include(p - Point{3, 3}, p + Point{3, 3});
    }
  }

  void add_label(const std::string& name, Point at, int anchor = 0) {
    Text text{.role = Text::Role::Leg, .text = name, .at = at, .anchor = anchor};
    const double width = text_width(text);
    const double left = at.x - width * (anchor + 1) / 2;
    scene_.include({left, at.y - 8}, {left + width, at.y + 8});
    scene_.texts.push_back(std::move(text));
  }

  void label_wire(const Wire& wire, const Cubic& curve) {
    const auto passes_function = [&](const End& end) {
      return net_.nodes[end.node].form == Form::Node && !end.behind;
    };
    if (passes_function(wire.a) || passes_function(wire.b)) return;
    const double width = text_width({.role = Text::Role::Leg, .text = wire.name, .at = {}});
    add_label(wire.name, label_place(scene_, shapes_, curve, width, 9 + thickness(wire.size) / 2));
  }

  void label_end(const Wire& wire, Point end, Point direction) {
    const int anchor = direction.x > 0.5 ? -1 : direction.x < -0.5 ? 1 : 0;
    const double away = anchor == 0 ? 10 : 5;
    add_label(wire.name, end + away * direction, anchor);
  }

  void draw_open(const Wire& wire, const Leaving& leaving) {
    const Shape& shape = shapes_[wire.a.node];
    const Point d = leaving.direction;
    Point from = port(shape);
    if (leaving.parallel) {
      from.x += 2 * shape.half_width * ((leaving.rank + 0.5) / leaving.count - 0.5);
    }
    const bool line = net_.nodes[wire.a.node].hidden;
    const double reach =
        line ? 30 : std::abs(d.x) * shape.half_width + std::abs(d.y) * shape.half_height + kOpen;
    const Cubic curve = straight(from, from + reach * d);
    add_curve(line ? curve : clipped(curve, &shape, nullptr), wire);
    label_end(wire, curve[3], d);
  }

  /// Leaves on the side opposite to where it ends and turns round the tensor: above it for the leg
  /// that is written first, below it for the others.
  void draw_bent(const Wire& wire, Point direction) {
    const Shape& shape = shapes_[wire.a.node];
    const Point d = direction, c = shape.centre;
    const Point side = std::abs(d.x) > 0.5 ? Point{0, wire.a.leg == 0 ? -1.0 : 1.0}
                                           : Point{wire.a.leg == 0 ? -1.0 : 1.0, 0};
    const double r = std::max(shape.half_width, shape.half_height), away = shape.half_height + 18;
    const Point turn = c + (-0.2 * r) * d + away * side;
    const Cubic first{c, c + (-r - 34) * d, c + (-r - 30) * d + away * side, turn};
    const Point end = c + (r + kOpen) * d + away * side;
    add_curve(clipped(first, &shape, nullptr), wire);
    add_curve(straight(turn, end), wire);
    label_end(wire, end, d);
  }

  /// A loop over the top, from the right side to the left, or a small one where these are taken.
  void draw_loop(const Wire& wire) {
    const int n = wire.a.node;
    const Shape& shape = shapes_[n];
    const Point c = shape.centre;
    if (net_.nodes[n].hidden) {
      const double k = 0.5523 * 17;
      add_curve({c + Point{-17, 0}, c + Point{-17, -k * 1.33}, c + Point{17, -k * 1.33},
                 c + Point{17, 0}},
                wire);
      add_curve(
          {c + Point{17, 0}, c + Point{17, k * 1.33}, c + Point{-17, k * 1.33}, c + Point{-17, 0}},
          wire);
      add_label(wire.name, c + Point{0, -22});
      return;
    }
    const int turns = loops_[n]++;
    const double sign = turns % 2 == 0 ? -1 : 1;
    const double wide = crowded_sides(n) ? 12 : shape.half_width + 34;
    const double high = shape.half_height + (crowded_sides(n) ? 46 : 34) + 16.0 * (turns / 2);
    const Point top = c + Point{0, sign * high * 0.86};
    const double lift = crowded_sides(n) ? sign * high * 0.6 : 0;
    const Cubic right{c, c + Point{wide * 1.25, lift}, top + Point{wide * 1.0, 0}, top};
    const Cubic left{c, c + Point{-wide * 1.25, lift}, top + Point{-wide * 1.0, 0}, top};
    add_curve(clipped(right, &shape, nullptr), wire);
    add_curve(clipped(left, &shape, nullptr), wire);
    add_label(wire.name, top + Point{0, sign * 10});
  }

  bool crowded_sides(int n) const {
    for (std::size_t w = 0; w < net_.wires.size(); ++w) {
      const Wire& wire = net_.wires[w];
      if (wire.loop()) continue;
      if (wire.a.node == n || wire.b.node == n) {
        const Point d = wire.open() ? open_[w].direction
                                    : shapes_[wire.a.node == n ? wire.b.node : wire.a.node].centre -
                                          shapes_[n].centre;
        if (std::abs(d.x) > std::abs(d.y)) return true;
      }
    }
    return false;
  }

  void draw_wire(const Wire& wire) {
    const Shape &one = shapes_[wire.a.node], &two = shapes_[wire.b.node];
    const auto pair = std::minmax(wire.a.node, wire.b.node);
    int parallel = 0;
    for (const Wire& other : net_.wires) {
      if (!other.open() && std::minmax(other.a.node, other.b.node) == pair) ++parallel;
    }
    const int k = drawn_[pair]++;
    const bool forward = wire.a.node == pair.first;
    double bow = kBow * (2 * k - (parallel - 1)) * (forward ? 1 : -1);
    if (parallel == 1) bow = clear_bow(wire);
    const Cubic curve = clipped(bowed(port(one), port(two), bow), &one, &two);
    add_curve(curve, wire);
    unlabelled_.emplace_back(&wire, curve);
  }

  /// The least bend at which the wire meets no other tensor.
  double clear_bow(const Wire& wire) const {
    for (const double bow : {0.0, -26.0, 26.0, -44.0, 44.0, -66.0, 66.0, -95.0, 95.0}) {
      const Cubic curve = bowed(port(shapes_[wire.a.node]), port(shapes_[wire.b.node]), bow);
      if (is_clear(curve, wire)) return bow;
    }
    return 0;
  }

  bool is_clear(const Cubic& curve, const Wire& wire) const {
    for (std::size_t n = 0; n < shapes_.size(); ++n) {
      if (static_cast<int>(n) == wire.a.node || static_cast<int>(n) == wire.b.node) continue;
      if (net_.nodes[n].hidden) continue;
      for (int k = 0; k <= 32; ++k) {
        if (inside(shapes_[n], at(curve, k / 32.0), 5)) return false;
      }
    }
    return true;
  }

  void outline(const Cluster& cluster) {
    if (cluster.nodes.empty()) return;
    double left = INFINITY, top = INFINITY, right = -INFINITY, bottom = -INFINITY;
    for (const int n : cluster.nodes) {
      const Shape& s = shapes_[n];
      left = std::min(left, s.centre.x - s.half_width);
      right = std::max(right, s.centre.x + s.half_width);
      top = std::min(top, s.centre.y - s.half_height);
      bottom = std::max(bottom, s.centre.y + s.half_height);
    }
    const Shape frame{.form = Form::Dashed,
                      .centre = {(left + right) / 2, (top + bottom) / 2},
                      .half_width = (right - left) / 2 + 10,
                      .half_height = (bottom - top) / 2 + 12};
    scene_.shapes.push_back(frame);
    const Point high = frame.centre - Point{frame.half_width, frame.half_height};
    scene_.include(high, frame.centre + Point{frame.half_width, frame.half_height});
    if (cluster.label.empty()) return;
    Text text{
        .role = Text::Role::Group, .text = cluster.label, .at = high + Point{2, -9}, .anchor = -1};
    scene_.include(text.at + Point{0, -8}, text.at + Point{text_width(text), 8});
    scene_.texts.push_back(std::move(text));
  }

  void draw_node(std::size_t n) {
    const Node& node = net_.nodes[n];
    const Shape& shape = shapes_[n];
    if (node.hidden) return;
    const Point half{shape.half_width, shape.half_height};
    scene_.include(shape.centre - half - Point{2, 2}, shape.centre + half + Point{2, 2});
    if (node.form == Form::Frame) {
      const Point middle{(node.inside.left + node.inside.right) / 2,
                         (node.inside.top + node.inside.bottom) / 2};
      add(scene_, node.inside, shape.centre - middle);
    }
    scene_.shapes.push_back(shape);
    if (node.label.empty()) return;
    Text text{.role = node.form == Form::Node ? Text::Role::Function : Text::Role::Tensor,
              .text = node.label,
              .at = shape.centre,
              .conjugate = node.conjugate};
    if (node.form == Form::Triangle)
      text.at =
          text.at + (-0.28 * std::abs(shape.direction.x) * shape.half_width) * shape.direction;
    if (node.form == Form::Triangle) text.at.y -= 0.3 * shape.direction.y * shape.half_height;
    scene_.texts.push_back(std::move(text));
  }

  const Net& net_;
  std::vector<Point> places_;
  std::vector<Leaving> open_;
  std::vector<Shape> shapes_;
  std::map<std::pair<int, int>, int> drawn_;
  std::map<int, int> loops_;
  std::vector<std::pair<const Wire*, Cubic>> unlabelled_;
  Scene scene_;
};

}  // namespace

Scene draw_term(const Diagram& diagram, const Term& term, const std::vector<OpenLeg>& open) {
  const Net net = net_of(diagram, term, open);
  return TermDrawing(net).draw();
}

}  // namespace ranklens::tn::diagram
