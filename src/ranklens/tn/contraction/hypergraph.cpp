#include "ranklens/tn/contraction/hypergraph.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <utility>

namespace ranklens::tn {
namespace {

constexpr std::size_t kCoarsest = 32;
constexpr std::size_t kWideNet =
    64;  // nets of more vertices say little about which belong together
constexpr int kStarts = 8;

std::vector<std::size_t> shuffled_numbers(std::size_t count, Random& random) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t k = count; k > 1; --k) std::swap(order[k - 1], order[random.below(k)]);
  return order;
}

/// Pairs of vertices that share heavy, narrow nets: the number of each vertex in the coarser graph.
std::vector<std::int32_t> matched_vertices(const Hypergraph& graph, double heaviest,
                                           Random& random) {
  const auto nets_of = graph.nets_of_vertices();
  std::vector<std::int32_t> number(graph.vertices(), -1);
  std::vector<double> affinity(graph.vertices(), 0);
  std::int32_t next = 0;
  for (const auto vertex : shuffled_numbers(graph.vertices(), random)) {
    if (number[vertex] >= 0) continue;
    std::vector<std::size_t> near;
    for (const auto net : nets_of[vertex]) {
      const auto& members = graph.nets[static_cast<std::size_t>(net)];
      if (members.size() > kWideNet) continue;
      for (const auto member : members) {
        const auto other = static_cast<std::size_t>(member);
        if (other == vertex || number[other] >= 0) continue;
        if (affinity[other] == 0) near.push_back(other);
        affinity[other] += graph.net_weights[static_cast<std::size_t>(net)] /
                           static_cast<double>(members.size() - 1);
      }
    }
    auto partner = vertex;
    double best = 0;
    for (const auto other : near) {
      const double joint = graph.vertex_weights[vertex] + graph.vertex_weights[other];
      const double score =
          affinity[other] / (graph.vertex_weights[vertex] * graph.vertex_weights[other]);
      affinity[other] = 0;
      if (joint <= heaviest && score > best) {
        best = score;
        partner = other;
      }
    }
    number[vertex] = number[partner] = next++;
  }
  return number;
}

Hypergraph coarsened(const Hypergraph& graph, const std::vector<std::int32_t>& number) {
  Hypergraph coarse;
  coarse.vertex_weights.assign(
      static_cast<std::size_t>(*std::max_element(number.begin(), number.end())) + 1, 0);
  for (std::size_t k = 0; k < number.size(); ++k) {
    coarse.vertex_weights[static_cast<std::size_t>(number[k])] += graph.vertex_weights[k];
  }
  std::map<std::vector<std::int32_t>, double> nets;
  for (std::size_t net = 0; net < graph.nets.size(); ++net) {
    std::vector<std::int32_t> members;
    for (const auto vertex : graph.nets[net])
      members.push_back(number[static_cast<std::size_t>(vertex)]);
    std::sort(members.begin(), members.end());
    members.erase(std::unique(members.begin(), members.end()), members.end());
    if (members.size() > 1) nets[std::move(members)] += graph.net_weights[net];
  }
  for (auto& [members, weight] : nets) {
    coarse.nets.push_back(members);
    coarse.net_weights.push_back(weight);
  }
  return coarse;
}

/// A side grown from a random vertex through nets, in order of discovery.
std::vector<char> grown_side(const Hypergraph& graph, Random& random) {
  const auto nets_of = graph.nets_of_vertices();
  const double half =
      std::accumulate(graph.vertex_weights.begin(), graph.vertex_weights.end(), 0.0) / 2;
  std::vector<char> sides(graph.vertices(), 0);
  double weight = 0;
  std::vector<std::size_t> queue;
  std::vector<char> seen(graph.vertices(), 0);
  for (const auto start : shuffled_numbers(graph.vertices(), random)) {
    if (!seen[start]) queue.push_back(start);
    seen[start] = 1;
    while (!queue.empty() && weight < half) {
      const auto at = random.below(std::min<std::size_t>(queue.size(), 2));
      const auto vertex = queue[at];
      queue.erase(queue.begin() + static_cast<std::ptrdiff_t>(at));
      sides[vertex] = 1;
      weight += graph.vertex_weights[vertex];
      for (const auto net : nets_of[vertex]) {
        for (const auto member : graph.nets[static_cast<std::size_t>(net)]) {
          if (!std::exchange(seen[static_cast<std::size_t>(member)], char{1})) {
            queue.push_back(static_cast<std::size_t>(member));
          }
        }
      }
    }
    if (weight >= half) break;
  }
  return sides;
}

std::vector<char> best_start(const Hypergraph& graph, double heaviest, Random& random) {
  std::vector<char> best;
  double least = std::numeric_limits<double>::infinity();
  for (int start = 0; start < kStarts; ++start) {
    auto sides = grown_side(graph, random);
    const double cut = improve_sides(graph, heaviest, sides, random);
    if (cut < least) {
      least = cut;
      best = std::move(sides);
    }
  }
  return best;
}

}  // namespace

std::vector<char> split_in_two(const Hypergraph& graph, double heaviest, Random& random) {
  if (graph.vertices() <= kCoarsest) return best_start(graph, heaviest, random);
  const auto number = matched_vertices(graph, heaviest / 6, random);
  const auto coarse = coarsened(graph, number);
  if (coarse.vertices() * 20 > graph.vertices() * 19) return best_start(graph, heaviest, random);
  const auto above = split_in_two(coarse, heaviest, random);
  std::vector<char> sides(graph.vertices());
  for (std::size_t k = 0; k < sides.size(); ++k)
    sides[k] = above[static_cast<std::size_t>(number[k])];
  improve_sides(graph, heaviest, sides, random);
  return sides;
}

}  // namespace ranklens::tn
