#include "ranklens/tn/diagram/layout.h"

#include <algorithm>
#include <cmath>

namespace ranklens::tn::diagram {
namespace {

std::vector<std::vector<int>> components(const Net& net) {
  const int count = static_cast<int>(net.nodes.size());
  std::vector<int> root(net.nodes.size());
  for (int n = 0; n < count; ++n) root[n] = n;
  const auto find_root = [&](int n) {
    while (root[n] != n) n = root[n] = root[root[n]];
    return n;
  };
  for (const Wire& wire : net.wires) {
    if (wire.open()) continue;
    const int a = find_root(wire.a.node), b = find_root(wire.b.node);
    root[std::max(a, b)] = std::min(a, b);
  }
  std::vector<std::vector<int>> parts;
  std::vector<int> number(net.nodes.size(), -1);
  for (int n = 0; n < count; ++n) {
    int& part = number[find_root(n)];
    if (part < 0) {
      part = static_cast<int>(parts.size());
      parts.emplace_back();
    }
    parts[part].push_back(n);
  }
  return parts;
}

Part part_of(const Net& net, std::vector<int> nodes) {
  Part part;
  std::vector<int> local(net.nodes.size(), -1);
  for (std::size_t k = 0; k < nodes.size(); ++k) local[nodes[k]] = static_cast<int>(k);
  part.links.resize(nodes.size());
  const auto link = [&](int from, int to) {
    auto& list = part.links[from];
    if (from != to && std::find(list.begin(), list.end(), to) == list.end()) {
      list.push_back(to);
      if (from < to) ++part.links_total;
    }
  };
  for (const Wire& wire : net.wires) {
    if (wire.open() || local[wire.a.node] < 0) continue;
    link(local[wire.a.node], local[wire.b.node]);
    link(local[wire.b.node], local[wire.a.node]);
  }
  for (const int n : nodes) part.fixed.push_back(net.nodes[n].at);
  part.nodes = std::move(nodes);
  return part;
}

bool is_tree(const Part& part) {
  return part.links_total == static_cast<int>(part.nodes.size()) - 1;
}

/// A tree whose nodes with several neighbours lie on one path: a chain with single nodes on it.
bool is_caterpillar(const Part& part) {
  for (const auto& links : part.links) {
    const auto inner =
        std::count_if(links.begin(), links.end(), [&](int n) { return part.links[n].size() > 1; });
    if (inner > 2) return false;
  }
  return is_tree(part);
}

bool is_ring(const Part& part) {
  return part.nodes.size() > 2 && std::all_of(part.links.begin(), part.links.end(),
                                              [](const auto& links) { return links.size() == 2; });
}

std::vector<Point> place_part(const Part& part, Arrangement arrangement) {
  const auto fixed = std::count_if(part.fixed.begin(), part.fixed.end(),
                                   [](const auto& at) { return at.has_value(); });
  if (fixed > 0) return place_by_stress(part);
  const std::size_t nodes = part.nodes.size();
  const bool tree = is_tree(part);
  switch (arrangement) {
    case Arrangement::Tree:
      if (tree) return place_as_tree(part);
      break;
    case Arrangement::Ring:
      return place_on_ring(part);
    case Arrangement::Stress:
      return place_by_stress(part);
    default:
      break;
  }
  if (arrangement == Arrangement::Auto) {
    if (is_ring(part) && nodes != 4 && nodes != 6) return place_on_ring(part);
    if (tree && nodes > 4 && !is_caterpillar(part)) return place_as_tree(part);
  }
  auto places = place_on_grid(part);
  if (!places.empty()) return places;
  return tree ? place_as_tree(part) : place_by_stress(part);
}

}  // namespace

std::vector<Point> place(const Net& net) {
  std::vector<Point> places(net.nodes.size());
  double right = 0;
  bool first = true;
  const auto open = std::count_if(net.wires.begin(), net.wires.end(),
                                  [](const Wire& wire) { return wire.open(); });
  const double gap = open > 2 ? 1.9 : 1;  // open legs may stand between the parts
  for (auto& nodes : components(net)) {
    const Part part = part_of(net, std::move(nodes));
    const auto mine = place_part(part, net.arrangement);
    const bool hinted = std::any_of(part.fixed.begin(), part.fixed.end(),
                                    [](const auto& at) { return at.has_value(); });
    double low = kInfinity, high = -kInfinity, middle = 0;
    for (const Point& p : mine) {
      low = std::min(low, p.x);
      high = std::max(high, p.x);
      middle += p.y / static_cast<double>(mine.size());
    }
    // Parts stand side by side on one middle line; the author's places stay where they are.
    const Point shift = hinted ? Point{0, 0} : Point{(first ? 0 : right + gap) - low, -middle};
    for (std::size_t k = 0; k < mine.size(); ++k) places[part.nodes[k]] = mine[k] + shift;
    right = first ? high + shift.x : std::max(right, high + shift.x);
    first = false;
  }
  return places;
}

}  // namespace ranklens::tn::diagram
