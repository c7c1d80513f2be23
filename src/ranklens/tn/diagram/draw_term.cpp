#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "ranklens/tn/diagram/draw.h"
#include "ranklens/tn/diagram/geometry.h"
#include "ranklens/tn/diagram/labels.h"
#include "ranklens/tn/diagram/layout.h"
#include "ranklens/tn/diagram/shapes.h"

namespace ranklens::tn::diagram {
namespace {

constexpr double kOpen = 26;    // how far an open leg reaches beyond its tensor
constexpr double kBow = 15;     // between parallel wires
constexpr double kBare = 30;    // half a bare line
constexpr double kLonger = 30;  // what an identity adds to an open leg

class TermDrawing {
 public:
  TermDrawing(const Net& net)
      : net_(net),
        places_(place(net)),
        open_(open_directions(net, places_)),
        shapes_(placed_shapes(net, places_, open_)) {}

  Scene draw() {
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
    const auto name = net_.label(wire);
    const double width = text_width({.role = Text::Role::Leg, .text = name, .at = {}});
    add_label(name, label_place(scene_, shapes_, curve, width, 9 + thickness(wire.size) / 2));
  }

  void label_end(const Wire& wire, Point end, Point direction) {
    const int anchor = direction.x > 0.5 ? -1 : direction.x < -0.5 ? 1 : 0;
    const double away = anchor == 0 ? 10 : 5;
    add_label(net_.label(wire), end + away * direction, anchor);
  }

  void draw_open(const Wire& wire, const Leaving& leaving) {
    if (net_.nodes[wire.a.node].hidden) return draw_bare(wire, leaving.direction);
    const Shape& shape = shapes_[wire.a.node];
    const Point d = leaving.direction;
    Point from = shape.centre;
    if (leaving.parallel) {
      from.x += 2 * shape.half_width * ((leaving.rank + 0.5) / leaving.count - 0.5);
    }
    const double reach = std::abs(d.x) * shape.half_width + std::abs(d.y) * shape.half_height +
                         kOpen + kLonger * wire.identities;
    const Cubic curve = straight(from, from + reach * d);
    add_curve(clipped(curve, &shape, nullptr), wire);
    label_end(wire, curve[3], d);
  }

  /// An end of a bare line, drawn from its middle; where the line goes straight on, the end that is
  /// written first draws all of it, since halves that overlap in the middle would show there.
  void draw_bare(const Wire& wire, Point d) {
    const Point c = shapes_[wire.a.node].centre, end = c + kBare * d;
    bool goes_on = false;
    for (std::size_t w = 0; w < net_.wires.size(); ++w) {
      const Wire& other = net_.wires[w];
      if (!other.open() || other.bent || other.a.node != wire.a.node) continue;
      const Point apart = open_[w].direction + d;
      goes_on = goes_on || std::hypot(apart.x, apart.y) < 1e-9;
    }
    if (!goes_on) add_curve(straight(c, end), wire);
    if (goes_on && wire.a.leg == 0) add_curve(straight(c - kBare * d, end), wire);
    label_end(wire, end, d);
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
      const double r = 15, k = 4.0 / 3 * r;  // two halves of a circle
      for (const double turn : {-1.0, 1.0}) {
        add_curve(
            {c + Point{-r, 0}, c + Point{-r, turn * k}, c + Point{r, turn * k}, c + Point{r, 0}},
            wire);
      }
      add_label(net_.label(wire), c + Point{0, -r - 10});
      return;
    }
    const int turns = loops_[n]++;
    const double sign = turns % 2 == 0 ? -1 : 1;
    const double wide = crowded_sides(n) ? 12 : shape.half_width + 34;
    const double high =
        shape.half_height + (crowded_sides(n) ? 46 : 34) + 16.0 * std::floor(turns / 2.0);
    const Point top = c + Point{0, sign * high * 0.86};
    const double lift = crowded_sides(n) ? sign * high * 0.6 : 0;
    const Cubic right{c, c + Point{wide * 1.25, lift}, top + Point{wide * 1.0, 0}, top};
    const Cubic left{c, c + Point{-wide * 1.25, lift}, top + Point{-wide * 1.0, 0}, top};
    add_curve(clipped(right, &shape, nullptr), wire);
    add_curve(clipped(left, &shape, nullptr), wire);
    add_label(net_.label(wire), top + Point{0, sign * 10});
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
    const auto [rank, parallel] = among_parallel(wire);
    double bow = kBow * (2 * rank - (parallel - 1));
    if (parallel == 1) bow = clear_bow(wire);
    const Cubic curve = clipped(bowed(one.centre, two.centre, bow), &one, &two);
    add_curve(curve, wire);
    unlabelled_.emplace_back(&wire, curve);
  }

  /// Which of the wires between its two tensors it is, and how many there are: from top to bottom
  /// or from left to right in the order in which a wedge groups them, else in the order of writing.
  std::pair<int, int> among_parallel(const Wire& wire) const {
    const auto key = [&](const Wire& w) {
      for (const End& end : {w.a, w.b}) {
        if (net_.nodes[end.node].form == Form::Wedge) return end.leg;
      }
      return static_cast<int>(&w - net_.wires.data());
    };
    int before = 0, count = 0;
    for (const Wire& other : net_.wires) {
      const bool same = !other.open() && std::minmax(other.a.node, other.b.node) ==
                                             std::minmax(wire.a.node, wire.b.node);
      if (!same) continue;
      ++count;
      before += key(other) < key(wire);
    }
    // A bend is to the left of the wire's direction if negative.
    const Point d = shapes_[wire.b.node].centre - shapes_[wire.a.node].centre;
    const bool downwards = std::abs(d.y) > std::abs(d.x);
    const bool forward = downwards ? d.y < 0 : d.x > 0;
    return {forward ? before : count - 1 - before, count};
  }

  /// The least bend at which the wire meets no other tensor.
  double clear_bow(const Wire& wire) const {
    for (const double bow : {0.0, -26.0, 26.0, -44.0, 44.0, -66.0, 66.0, -95.0, 95.0}) {
      const Cubic curve = bowed(shapes_[wire.a.node].centre, shapes_[wire.b.node].centre, bow);
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
    double left = kInfinity, top = kInfinity, right = -kInfinity, bottom = -kInfinity;
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
          text.at + (-0.38 * std::abs(shape.direction.x) * shape.half_width) * shape.direction;
    if (node.form == Form::Triangle) text.at.y -= 0.3 * shape.direction.y * shape.half_height;
    scene_.texts.push_back(std::move(text));
  }

  const Net& net_;
  std::vector<Point> places_;
  std::vector<Leaving> open_;
  std::vector<Shape> shapes_;
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
