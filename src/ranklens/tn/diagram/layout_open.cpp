#include <algorithm>
#include <cmath>
#include <map>

#include "ranklens/tn/diagram/layout.h"

namespace ranklens::tn::diagram {
namespace {

constexpr Point kLeft{-1, 0}, kRight{1, 0}, kUp{0, -1}, kDown{0, 1};
constexpr double kFan = 34 * M_PI / 180;  // between legs that leave on one side

double dot_of(Point a, Point b) { return a.x * b.x + a.y * b.y; }

Point unit(Point p) {
  const double length = std::hypot(p.x, p.y);
  return length < 1e-9 ? Point{0, 0} : (1 / length) * p;
}

/// The axis nearest to a direction.
Point snapped(Point p) {
  if (std::abs(p.x) > std::abs(p.y) + 1e-6) return p.x < 0 ? kLeft : kRight;
  return p.y < 0 ? kUp : kDown;
}

Point of_side(Side side) {
  switch (side) {
    case Side::Left:
      return kLeft;
    case Side::Right:
      return kRight;
    case Side::Up:
      return kUp;
    default:
      return kDown;
  }
}

class Directions {
 public:
  Directions(const Net& net, const std::vector<Point>& places)
      : net_(net), places_(places), towards_(net.nodes.size()), open_(net.nodes.size()) {
    result_.resize(net.wires.size());
    for (std::size_t w = 0; w < net.wires.size(); ++w) {
      const Wire& wire = net.wires[w];
      if (wire.open()) {
        open_[wire.a.node].push_back(static_cast<int>(w));
        ++total_;
      } else if (!wire.loop()) {
        link(wire.a.node, wire.b.node);
        link(wire.b.node, wire.a.node);
      }
    }
    for (auto& wires : open_) {
      std::sort(wires.begin(), wires.end(),
                [&](int v, int w) { return net.wires[v].a.leg < net.wires[w].a.leg; });
    }
    for (std::size_t n = 0; n < open_.size(); ++n) {
      if (!open_[n].empty() && towards_[n].size() > 1) only_ends_ = false;
    }
  }

  std::vector<Leaving> all() {
    for (std::size_t n = 0; n < open_.size(); ++n) {
      std::size_t k = 0;
      for (const int w : open_[n]) {
        const Wire& wire = net_.wires[w];
        result_[w].direction =
            wire.side == Side::Any ? chosen(static_cast<int>(n), wire, k) : of_side(wire.side);
        ++k;
      }
      share_sides(net_.nodes[n].form, open_[n]);
    }
    return result_;
  }

 private:
  void link(int from, int to) {
    const Point d = unit(places_[to] - places_[from]);
    auto& list = towards_[from];
    if (std::none_of(list.begin(), list.end(), [&](Point e) { return dot_of(d, e) > 0.99; }))
      list.push_back(d);
  }

  /// How badly a leg of node `n` stands in that direction: there may be a wire or a node.
  double crowded(int n, Point d) const {
    double cost = 0;
    for (const Point& wire : towards_[n]) cost += dot_of(wire, d) > 0.75 ? 10 : 0;
    for (std::size_t m = 0; m < places_.size(); ++m) {
      const Point away = places_[m] - (places_[n] + d);
      if (static_cast<int>(m) != n && std::hypot(away.x, away.y) < 0.6) cost += 6;
    }
    for (const int w : open_[n]) cost += dot_of(result_[w].direction, d) > 0.75 ? 3 : 0;
    return cost;
  }

  Point best(int n, std::initializer_list<Point> preferred) const {
    Point result = kDown;
    double least = INFINITY, rank = 0;
    for (const Point& d : preferred) {
      const double cost = crowded(n, d) + rank++;
      if (cost < least) {
        least = cost;
        result = d;
      }
    }
    return result;
  }

  Point chosen(int n, const Wire& wire, std::size_t k) const {
    const std::size_t mine = open_[n].size();
    const bool alone = towards_[n].empty();
    const bool two_sided = net_.nodes[n].form == Form::Triangle ||
                           net_.nodes[n].form == Form::Wedge || net_.nodes[n].form == Form::Square;
    if (alone && mine > 2 && two_sided) return wire.a.behind ? kRight : kLeft;
    if (total_ <= 2 && mine <= 2) {
      if (mine == 2 && alone) return k == 0 ? kLeft : kRight;
      return wire.order == 0 && total_ == 2 ? best(n, {kLeft, kRight, kDown, kUp})
                                            : best(n, {kRight, kLeft, kDown, kUp});
    }
    if (alone) return around(k, mine);
    if (only_ends_) return outward(n);
    if (mine == 2)
      return k == 0 ? best(n, {kUp, kLeft, kRight, kDown}) : best(n, {kDown, kRight, kLeft, kUp});
    return best(n, {kDown, kUp, kLeft, kRight});
  }

  static Point around(std::size_t k, std::size_t count) {
    constexpr Point quarters[] = {kLeft, kDown, kRight, kUp};
    if (count == 2) return k == 0 ? kLeft : kRight;
    if (count <= 4) return count == 1 ? kRight : quarters[k];
    const double angle = M_PI - 2 * M_PI * static_cast<double>(k) / static_cast<double>(count);
    return {std::cos(angle), std::sin(angle)};
  }

  Point outward(int n) const { return snapped(-1.0 * towards_[n].front()); }

  /// Legs that leave on one side do so in reading order: in a fan, or beside each other where a
  /// tensor has three or more above or below.
  void share_sides(Form form, const std::vector<int>& wires) {
    std::map<std::pair<double, double>, std::vector<int>> same;
    for (const int w : wires) same[{result_[w].direction.x, result_[w].direction.y}].push_back(w);
    for (const auto& [d, group] : same) {
      const int count = static_cast<int>(group.size());
      for (int k = 0; k < count; ++k) {
        Leaving& leg = result_[group[k]];
        leg.rank = k;
        leg.count = count;
        leg.parallel = count > 2 && form == Form::Circle && std::abs(d.second) > 0.5;
        if (count > 1 && !leg.parallel) leg.direction = fanned({d.first, d.second}, k, count);
      }
    }
  }

  static Point fanned(Point d, int k, int count) {
    const double step = std::min(kFan, 2.4 / count);
    // Top to bottom on the left and the right, left to right above and below.
    const double sign = d.x > 0.5 || d.y < -0.5 ? 1 : -1;
    const double angle = sign * step * (k - (count - 1) / 2.0);
    const double c = std::cos(angle), s = std::sin(angle);
    return {c * d.x - s * d.y, s * d.x + c * d.y};
  }

  const Net& net_;
  const std::vector<Point>& places_;
  std::vector<std::vector<Point>> towards_;  // directions of the wires of each node
  std::vector<std::vector<int>> open_;
  std::vector<Leaving> result_;
  int total_ = 0;
  bool only_ends_ = true;
};

}  // namespace

std::vector<Leaving> open_directions(const Net& net, const std::vector<Point>& places) {
  return Directions(net, places).all();
}

}  // namespace ranklens::tn::diagram
