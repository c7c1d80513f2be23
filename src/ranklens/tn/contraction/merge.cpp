#include "ranklens/tn/contraction/merge.h"

#include <algorithm>

#include <ATen/ops/bmm.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/sum.h>

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

at::Tensor multiplied(const Expression& expression, const Merge& merge, const Labelled& left,
                      const Labelled& right) {
  const auto& summed = merge.parts.summed;
  const auto order = concatenated_labels(summed, merge.order);
  const auto x = aligned(expression, left, order), y = aligned(expression, right, order);
  if (summed.empty()) return at::mul(x, y);
  std::vector<std::int64_t> modes;
  for (std::size_t k = 0; k < summed.size(); ++k) modes.push_back(static_cast<std::int64_t>(k));
  return at::sum(at::mul(x, y), modes);
}

}  // namespace

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
