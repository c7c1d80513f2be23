#include <algorithm>
#include <queue>
#include <tuple>

#include "ranklens/tn/contraction/hypergraph.h"

namespace ranklens::tn {
namespace {

struct SideMove {
  double gain;
  std::uint64_t tie;
  std::int32_t vertex;
  bool operator<(const SideMove& other) const {
    return std::tie(gain, tie, vertex) < std::tie(other.gain, other.tie, other.vertex);
  }
};

/// Passes of Fiduccia and Mattheyses.
class SideSearch {
 public:
  SideSearch(const Hypergraph& graph, double heaviest, std::vector<char>& sides, Random& random)
      : graph_(graph),
        heaviest_(heaviest),
        sides_(sides),
        random_(random),
        nets_of_(graph.nets_of_vertices()),
        on_side_(graph.nets.size() * 2) {}

  double run() {
    count();
    for (int pass = 0; pass < 12; ++pass) {
      if (!improve_once()) break;
    }
    double cut = 0;
    for (std::size_t net = 0; net < graph_.nets.size(); ++net) {
      if (on_side_[2 * net] > 0 && on_side_[2 * net + 1] > 0) cut += graph_.net_weights[net];
    }
    return cut;
  }

 private:
  std::size_t side(std::int32_t vertex) const {
    return static_cast<std::size_t>(sides_[static_cast<std::size_t>(vertex)]);
  }

  void count() {
    std::fill(on_side_.begin(), on_side_.end(), 0);
    for (std::size_t net = 0; net < graph_.nets.size(); ++net) {
      for (const auto vertex : graph_.nets[net]) ++on_side_[2 * net + side(vertex)];
    }
    weight_[0] = weight_[1] = 0;
    for (std::size_t k = 0; k < sides_.size(); ++k) {
      weight_[side(static_cast<std::int32_t>(k))] += graph_.vertex_weights[k];
    }
  }

  double gain(std::int32_t vertex) const {
    double sum = 0;
    const auto from = side(vertex);
    for (const auto net : nets_of_[static_cast<std::size_t>(vertex)]) {
      const auto at = 2 * static_cast<std::size_t>(net);
      const double weight = graph_.net_weights[static_cast<std::size_t>(net)];
      if (on_side_[at + from] == 1) sum += weight;
      if (on_side_[at + 1 - from] == 0) sum -= weight;
    }
    return sum;
  }

  bool fits(std::int32_t vertex) const {
    const auto to = 1 - side(vertex);
    const double after = weight_[to] + graph_.vertex_weights[static_cast<std::size_t>(vertex)];
    return after <= heaviest_ || after <= weight_[1 - to];
  }

  void move(std::int32_t vertex) {
    const auto from = side(vertex);
    for (const auto net : nets_of_[static_cast<std::size_t>(vertex)]) {
      --on_side_[2 * static_cast<std::size_t>(net) + from];
      ++on_side_[2 * static_cast<std::size_t>(net) + 1 - from];
    }
    const double weight = graph_.vertex_weights[static_cast<std::size_t>(vertex)];
    weight_[from] -= weight;
    weight_[1 - from] += weight;
    sides_[static_cast<std::size_t>(vertex)] = static_cast<char>(1 - from);
  }

  void push(std::int32_t vertex) {
    gains_[static_cast<std::size_t>(vertex)] = gain(vertex);
    queue_.push({gains_[static_cast<std::size_t>(vertex)], random_.next(), vertex});
  }

  /// Gains change where a net has no, one or two vertices on a side.
  void push_neighbours(std::int32_t moved) {
    for (const auto net : nets_of_[static_cast<std::size_t>(moved)]) {
      const auto at = 2 * static_cast<std::size_t>(net);
      if (std::min(on_side_[at], on_side_[at + 1]) > 2) continue;
      for (const auto vertex : graph_.nets[static_cast<std::size_t>(net)]) {
        if (!locked_[static_cast<std::size_t>(vertex)]) push(vertex);
      }
    }
  }

  bool improve_once() {
    queue_ = {};
    gains_.assign(graph_.vertices(), 0);
    locked_.assign(graph_.vertices(), 0);
    for (std::size_t k = 0; k < graph_.vertices(); ++k) push(static_cast<std::int32_t>(k));
    std::vector<std::int32_t> moved;
    double sum = 0, best = 0;
    std::size_t keep = 0;
    while (!queue_.empty() && moved.size() < keep + 200) {
      const auto next = queue_.top();
      queue_.pop();
      const auto at = static_cast<std::size_t>(next.vertex);
      if (locked_[at] || next.gain != gains_[at] || !fits(next.vertex)) continue;
      locked_[at] = 1;
      sum += next.gain;
      move(next.vertex);
      moved.push_back(next.vertex);
      push_neighbours(next.vertex);
      if (sum > best + 1e-9) {
        best = sum;
        keep = moved.size();
      }
    }
    while (moved.size() > keep) {
      move(moved.back());
      moved.pop_back();
    }
    return best > 0;
  }

  const Hypergraph& graph_;
  double heaviest_;
  std::vector<char>& sides_;
  Random& random_;
  std::vector<std::vector<std::int32_t>> nets_of_;
  std::vector<std::int32_t> on_side_;  // by net, by side
  double weight_[2] = {0, 0};
  std::vector<double> gains_;
  std::vector<char> locked_;
  std::priority_queue<SideMove> queue_;
};

}  // namespace

std::vector<std::vector<std::int32_t>> Hypergraph::nets_of_vertices() const {
  std::vector<std::vector<std::int32_t>> lists(vertices());
  for (std::size_t net = 0; net < nets.size(); ++net) {
    for (const auto vertex : nets[net])
      lists[static_cast<std::size_t>(vertex)].push_back(static_cast<std::int32_t>(net));
  }
  return lists;
}

double improve_sides(const Hypergraph& graph, double heaviest, std::vector<char>& sides,
                     Random& random) {
  return SideSearch(graph, heaviest, sides, random).run();
}

}  // namespace ranklens::tn
