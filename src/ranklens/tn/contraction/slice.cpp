#include "ranklens/tn/contraction/slice.h"

#include <algorithm>
#include <cmath>
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

/// The tensor whose labels to slice next: the largest result of a step. A run holds the last one
/// whole whatever is sliced, so while nothing is, or nothing else is left, it comes after the
/// others; copies of operands come at the very end. None where all of them are numbers.
std::int32_t tensor_to_slice(const Tree& tree, bool last_is_whole) {
  std::int32_t largest = -1;
  const auto offer = [&](std::int32_t node) {
    const double size = tree.node(node).size;
    if (size > 0 && (largest < 0 || size > tree.node(largest).size)) largest = node;
  };
  for (const auto step : tree.in_order()) {
    if (!last_is_whole || step != tree.root()) offer(step);
  }
  if (largest < 0) offer(tree.root());
  for (std::size_t leaf = 0; largest < 0 && leaf < tree.leaves(); ++leaf) {
    offer(static_cast<std::int32_t>(leaf));
  }
  return largest;
}

/// The label of a tensor whose slicing costs the least.
Label cheapest_label(const Tree& tree, const Network& network, std::int32_t tensor) {
  Label best = -1;
  double least = std::numeric_limits<double>::infinity();
  for (Label label = 0; label < static_cast<Label>(network.labels()); ++label) {
    if (!tree.labels().has(tree.bits(tensor), label)) continue;
    const double flops = log2_flops_without(tree, network, label);
    if (flops < least) {
      least = flops;
      best = label;
    }
  }
  return best;
}

/// Holds paths against a limit.
class Scales {
 public:
  explicit Scales(const MemoryLimit& limit)
      : limit_(limit), log2_limit_(std::log2(limit.bytes / limit.item_bytes)) {}

  /// Whether a run fits; remembers the least that was weighed.
  bool fits(const Tree& tree, const Path& path, const Labels& sliced) {
    // What a run takes is dear to find out, and never below its largest result.
    const bool largest_fits = tree.largest() <= log2_limit_ + kRounding;
    if (!largest_fits && limit_.bytes > 0) return false;
    const double bytes =
        limit_.taken ? limit_.taken(path, sliced) : std::exp2(tree.largest()) * limit_.item_bytes;
    least_ = std::min(least_, bytes);
    return limit_.taken ? bytes <= limit_.bytes : largest_fits;
  }
  double least() const { return least_; }

 private:
  const MemoryLimit& limit_;
  double log2_limit_;  // -infinity where nothing fits
  double least_ = kAnyBytes;
};

/// Takes back what later slices made needless.
void drop_needless(const Expression& expression, const Path& path, Scales& scales, Labels& sliced) {
  for (std::size_t k = sliced.size(); k-- > 0;) {
    auto fewer = sliced;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(k));
    const Tree tree(network_of(expression, fewer), path);
    if (scales.fits(tree, path, fewer)) sliced = std::move(fewer);
  }
}

}  // namespace

Expression with_fixed(Expression expression, const Labels& sliced) {
  for (const auto label : sliced) expression.sizes[static_cast<std::size_t>(label)] = 1;
  return expression;
}

SlicedPath slice(const Expression& expression, Path path, Minimize minimize,
                 const MemoryLimit& limit, Random& random, const Deadline& deadline) {
  SlicedPath done;
  auto& sliced = done.sliced;
  Scales scales(limit);
  for (;;) {
    const auto network = network_of(expression, sliced);
    Tree tree(network, path);
    if (!sliced.empty()) reconfigure(tree, minimize, kSliceMendWidth, 1, random, deadline);
    path = tree.path();
    done.fits = scales.fits(tree, path, sliced);
    if (done.fits) break;
    const auto tensor = tensor_to_slice(tree, limit.taken && sliced.empty());
    if (tensor < 0) break;
    sliced.push_back(
        network.origin[static_cast<std::size_t>(cheapest_label(tree, network, tensor))]);
  }
  done.least = scales.least();
  if (done.fits) drop_needless(expression, path, scales, sliced);
  const Tree tree(network_of(expression, sliced), path);
  done.path = std::move(path);
  done.sliced = label_set(std::move(sliced));
  done.log2_flops = tree.total(Minimize::flops) + log2_elements(expression, done.sliced);
  return done;
}

}  // namespace ranklens::tn
