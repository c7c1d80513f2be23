#include "ranklens/tn/contraction/bisection.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "ranklens/tn/contraction/assembly.h"
#include "ranklens/tn/contraction/hypergraph.h"

namespace ranklens::tn {
namespace {

using Members = std::vector<std::int32_t>;

Hypergraph hypergraph_of(const Network& network, const Members& tensors) {
  Hypergraph graph;
  graph.vertex_weights.assign(tensors.size(), 1);
  std::vector<Members> nets(network.labels());
  for (std::size_t k = 0; k < tensors.size(); ++k) {
    for (const auto label : network.terms[static_cast<std::size_t>(tensors[k])]) {
      nets[static_cast<std::size_t>(label)].push_back(static_cast<std::int32_t>(k));
    }
  }
  for (std::size_t label = 0; label < nets.size(); ++label) {
    if (nets[label].size() < 2) continue;
    graph.nets.push_back(std::move(nets[label]));
    graph.net_weights.push_back(network.weights[label]);
  }
  return graph;
}

std::pair<Members, Members> two_sides(const Network& network, const Members& tensors,
                                      double imbalance, Random& random) {
  const auto sides = bisect(network, tensors, imbalance, random);
  std::pair<Members, Members> parts;
  for (std::size_t k = 0; k < tensors.size(); ++k) {
    (sides[k] ? parts.second : parts.first).push_back(tensors[k]);
  }
  if (parts.first.empty() || parts.second.empty()) {  // nothing connects them
    const auto half = tensors.begin() + static_cast<std::ptrdiff_t>(tensors.size() / 2);
    parts = {Members(tensors.begin(), half), Members(half, tensors.end())};
  }
  return parts;
}

std::int32_t assembled(Assembly& assembly, const Network& network, const Members& tensors,
                       const BisectionOptions& options, Random& random) {
  if (tensors.size() <= options.leaf) return assembly.merge_all(tensors, random);
  const auto [first, second] = two_sides(network, tensors, options.imbalance, random);
  const auto a = assembled(assembly, network, first, options, random);
  const auto b = assembled(assembly, network, second, options, random);
  return assembly.merge(a, b);
}

/// Appends the labels that only these tensors have and that are not in the order yet.
void append_order(const Network& network, const std::vector<std::int32_t>& holders,
                  const Members& tensors, const BisectionOptions& options, Random& random,
                  std::vector<char>& listed, Labels& order) {
  if (tensors.size() > options.leaf) {
    const auto [first, second] = two_sides(network, tensors, options.imbalance, random);
    append_order(network, holders, first, options, random, listed, order);
    append_order(network, holders, second, options, random, listed, order);
  }
  Labels inside;
  for (const auto tensor : tensors) {
    const auto& term = network.terms[static_cast<std::size_t>(tensor)];
    inside.insert(inside.end(), term.begin(), term.end());
  }
  std::sort(inside.begin(), inside.end());
  for (auto from = inside.begin(); from != inside.end();) {
    const auto to = std::upper_bound(from, inside.end(), *from);
    const auto label = static_cast<std::size_t>(*from);
    if (to - from == holders[label] && !std::exchange(listed[label], char{1}))
      order.push_back(*from);
    from = to;
  }
}

Members all_tensors(const Network& network) {
  Members all(network.terms.size());
  std::iota(all.begin(), all.end(), 0);
  return all;
}

}  // namespace

std::vector<char> bisect(const Network& network, const std::vector<std::int32_t>& tensors,
                         double imbalance, Random& random) {
  const double heaviest = std::max(1.0, static_cast<double>(tensors.size()) * (1 + imbalance) / 2);
  return split_in_two(hypergraph_of(network, tensors), heaviest, random);
}

Path bisection_path(const Network& network, const BisectionOptions& options, Random& random) {
  Assembly assembly(network);
  assembled(assembly, network, all_tensors(network), options, random);
  return assembly.finish();
}

Path dissection_path(const Network& network, const BisectionOptions& options, Random& random) {
  Labels order;
  std::vector<char> listed(network.labels(), 0);
  append_order(network, holders_of(network), all_tensors(network), options, random, listed, order);
  return elimination_path(network, order, random);
}

}  // namespace ranklens::tn
