#include "ranklens/tn/contraction/by_operators.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <ATen/ops/diagonal.h>
#include <ATen/ops/sum.h>

#include "ranklens/tn/contraction/merge.h"
#include "ranklens/tn/contraction/replay.h"

namespace ranklens::tn {
namespace {

/// Takes modes of size 1 out: those are not worth a mode.
Labelled without_ones(const Expression& expression, Labelled operand) {
  Labelled result;
  for (const auto label : operand.labels) {
    if (expression.sizes[static_cast<std::size_t>(label)] > 1) result.labels.push_back(label);
  }
  result.tensor = result.labels.size() == operand.labels.size()
                      ? operand.tensor
                      : operand.tensor.reshape(expression.shape_of(result.labels));
  return result;
}

/// Calls take(first, second) for each pair of modes of one label until none is left; the diagonal
/// of the two goes to the end.
template <class Take>
Labels with_diagonals(Labels labels, const Take& take) {
  for (std::size_t k = 0; k < labels.size();) {
    const auto label = labels[k];
    const auto second =
        std::find(labels.begin() + static_cast<std::ptrdiff_t>(k) + 1, labels.end(), label);
    if (second == labels.end()) {
      ++k;
      continue;
    }
    take(static_cast<std::int64_t>(k), second - labels.begin());
    labels.erase(second);
    labels.erase(labels.begin() + static_cast<std::ptrdiff_t>(k));
    labels.push_back(label);
  }
  return labels;
}

Labelled diagonal_of(Labelled operand) {
  auto labels = with_diagonals(operand.labels, [&](std::int64_t first, std::int64_t second) {
    operand.tensor = at::diagonal(operand.tensor, 0, first, second);
  });
  return {.tensor = std::move(operand.tensor), .labels = std::move(labels)};
}

/// Sums over the labels that no other operand and not the output has.
Labelled summed_alone(const std::vector<int>& holders, Labelled operand) {
  std::vector<std::int64_t> modes;
  Labels kept;
  for (std::size_t k = 0; k < operand.labels.size(); ++k) {
    if (holders[static_cast<std::size_t>(operand.labels[k])] > 1) {
      kept.push_back(operand.labels[k]);
    } else {
      modes.push_back(static_cast<std::int64_t>(k));
    }
  }
  if (modes.empty()) return operand;
  return {.tensor = at::sum(operand.tensor, modes), .labels = kept};
}

}  // namespace

std::vector<int> holders_of(const Expression& expression) {
  std::vector<int> count(expression.sizes.size(), 0);
  const auto add = [&](const Labels& labels) {
    for (const auto label : label_set(labels)) ++count[static_cast<std::size_t>(label)];
  };
  for (const auto& labels : expression.inputs) add(labels);
  add(expression.output);
  return count;
}

Labels laid_out_labels(const Expression& expression, const std::vector<int>& holders,
                       const Labels& labels) {
  Labels kept;
  std::copy_if(labels.begin(), labels.end(), std::back_inserter(kept), [&](Label label) {
    const auto number = static_cast<std::size_t>(label);
    return expression.sizes[number] > 1 && holders[number] > 1;
  });
  return with_diagonals(std::move(kept), [](std::int64_t, std::int64_t) {});
}

at::Tensor run_by_operators(const Expression& expression, const std::vector<int>& holders,
                            const std::vector<Merge>& merges, std::vector<at::Tensor> operands) {
  std::vector<Labelled> tensors;
  tensors.reserve(operands.size() + merges.size());
  for (std::size_t k = 0; k < operands.size(); ++k) {
    tensors.push_back(summed_alone(
        holders, diagonal_of(without_ones(expression, {.tensor = std::move(operands[k]),
                                                       .labels = expression.inputs[k]}))));
  }
  for (const auto& merge : merges) {
    auto left = std::exchange(tensors[static_cast<std::size_t>(merge.step.left)], {});
    auto right = std::exchange(tensors[static_cast<std::size_t>(merge.step.right)], {});
    tensors.push_back(merged(expression, merge, left, right));
  }
  const auto result =
      permuted(tensors.back(), laid_out_labels(expression, holders, expression.output));
  return result.reshape(expression.shape_of(expression.output));
}

}  // namespace ranklens::tn
