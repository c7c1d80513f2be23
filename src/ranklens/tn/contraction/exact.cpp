#include "ranklens/tn/contraction/exact.h"

#include <algorithm>
#include <map>
#include <utility>

#include "ranklens/tn/contraction/connected_search.h"
#include "ranklens/tn/contraction/greedy.h"
#include "ranklens/tn/contraction/refine.h"

namespace ranklens::tn {
namespace {

constexpr std::size_t kAllTrees = 12;

/// The connected parts of a network, each ascending.
std::vector<std::vector<std::int32_t>> connected_parts(const Network& network) {
  std::vector<std::int32_t> root(network.terms.size());
  for (std::size_t k = 0; k < root.size(); ++k) root[k] = static_cast<std::int32_t>(k);
  const auto find = [&](std::int32_t k) {
    while (root[static_cast<std::size_t>(k)] != k) k = root[static_cast<std::size_t>(k)];
    return k;
  };
  std::vector<std::int32_t> first(network.labels(), -1);
  for (std::size_t k = 0; k < network.terms.size(); ++k) {
    for (const auto label : network.terms[k]) {
      auto& holder = first[static_cast<std::size_t>(label)];
      if (holder < 0) holder = static_cast<std::int32_t>(k);
      const auto a = find(holder), b = find(static_cast<std::int32_t>(k));
      root[static_cast<std::size_t>(std::max(a, b))] = std::min(a, b);
    }
  }
  std::map<std::int32_t, std::vector<std::int32_t>> parts;
  for (std::size_t k = 0; k < root.size(); ++k) {
    parts[find(static_cast<std::int32_t>(k))].push_back(static_cast<std::int32_t>(k));
  }
  std::vector<std::vector<std::int32_t>> list;
  for (auto& [name, members] : parts) list.push_back(std::move(members));
  return list;
}

/// Among all trees: those of few tensors are gone through as a subtree is.
Path best_of_all(const Network& network, Minimize minimize) {
  Random random(1);
  Tree tree(network, greedy_path(network, {}, random));
  reconfigure(tree, minimize, static_cast<int>(kAllTrees), 1, random);
  return tree.path();
}

}  // namespace

ExactResult exact_path(const Network& network, Minimize minimize, const ExactLimits& limits,
                       const Deadline& deadline) {
  if (network.terms.size() <= kAllTrees) {
    return {.ended = true, .path = best_of_all(network, minimize)};
  }
  Assembly assembly(network);
  for (auto& members : connected_parts(network)) {
    const auto part =
        merge_connected(network, std::move(members), minimize, limits, deadline, assembly);
    if (!part.merged) return {.ended = part.ended, .path = {}};
  }
  return {.ended = true, .path = assembly.finish()};
}

}  // namespace ranklens::tn
