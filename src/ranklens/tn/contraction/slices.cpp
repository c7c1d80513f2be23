#include "ranklens/tn/contraction/slices.h"

#include <algorithm>
#include <utility>

#include "ranklens/base/error.h"
#include "ranklens/tn/contraction/replay.h"

namespace ranklens::tn {
namespace {

bool contains_label(const Labels& labels, Label label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

}  // namespace

Slices::Slices(const Expression& expression, const Labels& sliced) : labels(label_set(sliced)) {
  for (const auto label : labels) {
    base::require(label >= 0 && static_cast<std::size_t>(label) < expression.sizes.size(),
                  "the sliced label {} does not exist; there are {}", label,
                  expression.sizes.size());
  }
  const auto first_added = std::stable_partition(labels.begin(), labels.end(), [&](Label label) {
    return contains_label(expression.output, label);
  });
  sizes = expression.shape_of(labels);
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    auto& count =
        labels.begin() + static_cast<std::ptrdiff_t>(k) < first_added ? outer_count : inner_count;
    // More than anyone can run: a plan of so many can be weighed and described all the same.
    if (__builtin_mul_overflow(count, sizes[k], &count)) count = INT64_MAX;
  }
}

Shape Slices::values_of(std::int64_t number) const {
  Shape values(sizes.size());
  for (std::size_t level = sizes.size(); level-- > 0; number /= sizes[level]) {
    values[level] = number % sizes[level];
  }
  return values;
}

at::Tensor Slices::part(at::Tensor tensor, const Labels& its, const Shape& values) const {
  for (std::size_t mode = its.size(); mode-- > 0;) {
    const auto at = std::find(labels.begin(), labels.end(), its[mode]);
    if (at == labels.end()) continue;
    tensor = tensor.select(static_cast<std::int64_t>(mode),
                           values[static_cast<std::size_t>(at - labels.begin())]);
  }
  return tensor;
}

Labels Slices::without(Labels its) const {
  std::erase_if(its, [&](Label label) { return contains_label(labels, label); });
  return its;
}

Expression slice_of(const Slices& slices, Expression expression) {
  for (auto& labels : expression.inputs) labels = slices.without(std::move(labels));
  expression.output = slices.without(std::move(expression.output));
  return expression;
}

}  // namespace ranklens::tn
