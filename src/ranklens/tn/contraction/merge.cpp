#include "ranklens/tn/contraction/merge.h"

#include <algorithm>
#include <utility>

#include <ATen/ops/bmm.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/mul.h>

namespace ranklens::tn {
namespace {

std::int64_t element_count(const Expression& expression, const Labels& labels) {
  std::int64_t count = 1;
  for (const auto size : expression.shape_of(labels)) count *= size;
  return count;
}

Labels concatenated_labels(Labels a, const Labels& b, const Labels& c = {}) {
  a.insert(a.end(), b.begin(), b.end());
  a.insert(a.end(), c.begin(), c.end());
  return a;
}

/// The operand as a batch of matrices with the rows and columns named. A view, where strides allow.
at::Tensor matrices(const Expression& expression, const Labelled& operand, const Labels& batch,
                    const Labels& rows, const Labels& columns) {
  const auto modes = permuted(operand, concatenated_labels(batch, rows, columns));
  const auto m = element_count(expression, rows), n = element_count(expression, columns);
  return batch.empty() ? modes.reshape({m, n})
                       : modes.reshape({element_count(expression, batch), m, n});
}

at::Tensor product(const Expression& expression, const Merge& merge, const Labelled& left,
                   const Labelled& right) {
  const auto& parts = merge.parts;
  const auto multiply = [&](const Labelled& a, const Labels& rows, const Labelled& b,
                            const Labels& columns) {
    const auto x = matrices(expression, a, parts.batch, rows, parts.summed);
    const auto y = matrices(expression, b, parts.batch, parts.summed, columns);
    return parts.batch.empty() ? at::mm(x, y) : at::bmm(x, y);
  };
  const auto result = merge.swapped ? multiply(right, parts.right, left, parts.left)
                                    : multiply(left, parts.left, right, parts.right);
  return result.view(expression.shape_of(merge.order));
}

/// The operand with all modes of `order`; those that it lacks have size 1.
at::Tensor aligned(const Expression& expression, const Labelled& operand, const Labels& order) {
  Labels own;
  Shape shape;
  for (const auto label : order) {
    const auto& labels = operand.labels;
    const bool there = std::find(labels.begin(), labels.end(), label) != labels.end();
    if (there) own.push_back(label);
    shape.push_back(there ? expression.sizes[static_cast<std::size_t>(label)] : 1);
  }
  return permuted(operand, own).reshape(shape);
}

/// Loops over fewer elements than this at a stretch cost more to begin than to run.
constexpr std::int64_t kStretch = 1024;
/// A factor is spread out over the last modes only where it stays so much smaller than the result.
constexpr std::int64_t kSpread = 8;

at::Tensor spread(const at::Tensor& factor, const Shape& result) {
  const auto sizes = spread_sizes(factor.sizes().vec(), result);
  return sizes ? factor.expand(*sizes).contiguous() : factor;
}

/// Calls visit(x, y) for each value of the first `modes` modes, which both have.
template <class Visit>
void for_each_value(const at::Tensor& x, const at::Tensor& y, std::size_t modes,
                    const Visit& visit) {
  if (modes == 0) return visit(x, y);
  for (std::int64_t value = 0; value < x.size(0); ++value) {
    for_each_value(x.select(0, value), y.select(0, value), modes - 1, visit);
  }
}

at::Tensor multiplied(const Expression& expression, const Merge& merge, const Labelled& left,
                      const Labelled& right) {
  const auto& summed = merge.parts.summed;
  const auto order = concatenated_labels(summed, merge.order);
  const auto result = expression.shape_of(merge.order);
  at::Tensor sum;
  for_each_value(aligned(expression, left, order), aligned(expression, right, order), summed.size(),
                 [&](const at::Tensor& x, const at::Tensor& y) {
                   const auto a = spread(x, result), b = spread(y, result);
                   if (sum.defined()) {
                     sum.addcmul_(a, b);
                   } else {
                     sum = at::mul(a, b);
                   }
                 });
  return sum;
}

}  // namespace

std::optional<Shape> spread_sizes(const Shape& sizes, const Shape& result) {
  std::int64_t all = 1, own = 1, stretch = 1;
  for (const auto size : result) all *= size;
  for (const auto size : sizes) own *= size;
  auto wanted = sizes;
  bool lacks = false, has = false;
  for (std::size_t mode = sizes.size(); mode-- > 0 && stretch < kStretch;) {
    stretch *= result[mode];
    (sizes[mode] < result[mode] ? lacks : has) = true;
    own *= result[mode] / sizes[mode];
    wanted[mode] = result[mode];
  }
  return lacks && has && own * kSpread <= all ? std::optional(std::move(wanted)) : std::nullopt;
}

at::Tensor permuted(const Labelled& operand, const Labels& order) {
  if (operand.labels == order) return operand.tensor;
  std::vector<std::int64_t> modes;
  for (const auto label : order) {
    modes.push_back(std::find(operand.labels.begin(), operand.labels.end(), label) -
                    operand.labels.begin());
  }
  return operand.tensor.permute(modes);
}

Labelled merged(const Expression& expression, const Merge& merge, const Labelled& left,
                const Labelled& right) {
  return {.tensor = merge.kind == MergeKind::product ? product(expression, merge, left, right)
                                                     : multiplied(expression, merge, left, right),
          .labels = merge.order};
}

}  // namespace ranklens::tn
