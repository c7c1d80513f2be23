#include "ranklens/tn/contraction/slice.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "ranklens/tn/contraction/refine.h"
#include "ranklens/tn/contraction/replay.h"

namespace ranklens::tn {
namespace {

constexpr double kRounding = 1e-9;  // of sums of logarithms
constexpr int kSliceMendWidth = 8;

/// log2 of the multiply-adds of all slices if `label` were sliced, too.
double log2_flops_without(const Tree& tree, const Network& network, Label label) {
  const double weight = network.weights[static_cast<std::size_t>(label)];
  LogSum sum;
  for (const auto step : tree.in_order()) {
    const auto& node = tree.node(step);
    const bool there = tree.labels().has(tree.bits(node.left), label) ||
                       tree.labels().has(tree.bits(node.right), label);
    sum.add(there ? node.flops : node.flops + weight);
  }
  return sum.log2();
}

/// The label of the largest result whose slicing costs the least.
Label cheapest_label(const Tree& tree, const Network& network) {
  const auto order = tree.in_order();
  const auto largest = *std::max_element(
      order.begin(), order.end(),
      [&](std::int32_t a, std::int32_t b) { return tree.node(a).size < tree.node(b).size; });
  Label best = -1;
  double least = std::numeric_limits<double>::infinity();
  for (Label label = 0; label < static_cast<Label>(network.labels()); ++label) {
    if (!tree.labels().has(tree.bits(largest), label)) continue;
    const double flops = log2_flops_without(tree, network, label);
    if (flops < least) {
      least = flops;
      best = label;
    }
  }
  return best;
}

bool fits_memory(const Expression& expression, const Path& path, const Labels& sliced,
                 double log2_limit) {
  return Tree(network_of(expression, sliced), path).largest() <= log2_limit + kRounding;
}

/// Takes back what later slices made needless.
void drop_needless(const Expression& expression, const Path& path, double log2_limit,
                   Labels& sliced) {
  for (std::size_t k = sliced.size(); k-- > 0;) {
    auto fewer = sliced;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(k));
    if (fits_memory(expression, path, fewer, log2_limit)) sliced = std::move(fewer);
  }
}

}  // namespace

Expression with_fixed(Expression expression, const Labels& sliced) {
  for (const auto label : sliced) expression.sizes[static_cast<std::size_t>(label)] = 1;
  return expression;
}

SlicedPath slice(const Expression& expression, Path path, Minimize minimize, double log2_limit,
                 Random& random, const Deadline& deadline) {
  Labels sliced;
  for (;;) {
    const auto network = network_of(expression, sliced);
    Tree tree(network, path);
    if (!sliced.empty()) reconfigure(tree, minimize, kSliceMendWidth, 1, random, deadline);
    path = tree.path();
    if (tree.largest() <= log2_limit + kRounding) break;
    sliced.push_back(network.origin[static_cast<std::size_t>(cheapest_label(tree, network))]);
  }
  drop_needless(expression, path, log2_limit, sliced);
  const Tree tree(network_of(expression, sliced), path);
  return {.path = std::move(path),
          .sliced = label_set(sliced),
          .log2_flops = tree.total(Minimize::flops) + log2_elements(expression, sliced)};
}

}  // namespace ranklens::tn
