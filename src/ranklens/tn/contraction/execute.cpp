#include "ranklens/tn/contraction/execute.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <mutex>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <fmt/ranges.h>

#include "ranklens/base/error.h"
#include "ranklens/base/parallel.h"
#include "ranklens/tn/contraction/plan.h"
#include "ranklens/tn/contraction/program.h"

namespace ranklens::tn {
namespace {

bool contains_label(const Labels& labels, Label label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

void require_operands(const Expression& expression, const std::vector<at::Tensor>& operands) {
  base::require(operands.size() == expression.inputs.size(),
                "the equation has {} operands, but {} were given", expression.inputs.size(),
                operands.size());
  const auto& first = operands.front();
  base::require(at::isFloatingType(first.scalar_type()) || at::isComplexType(first.scalar_type()),
                "operand 0 is {}; floating or complex ones are contracted",
                at::toString(first.scalar_type()));
  for (std::size_t k = 0; k < operands.size(); ++k) {
    const auto& operand = operands[k];
    const auto shape = expression.shape_of(expression.inputs[k]);
    base::require(operand.sizes() == at::IntArrayRef(shape),
                  "operand {} has shape [{}], but its labels have sizes [{}]", k,
                  fmt::join(operand.sizes(), ", "), fmt::join(shape, ", "));
    base::require(
        operand.scalar_type() == first.scalar_type() && operand.device() == first.device(),
        "operand {} is {} on {}, but operand 0 is {} on {}", k, at::toString(operand.scalar_type()),
        operand.device().str(), at::toString(first.scalar_type()), first.device().str());
  }
}

/// Fixes labels of operands to values.
class Slices {
 public:
  Slices(const Expression& expression, const Path& path, std::vector<at::Tensor> operands,
         const Labels& sliced)
      : expression_(expression),
        operands_(std::move(operands)),
        sliced_(label_set(sliced)),
        program_(without(expression, sliced_), path) {
    // Slices of the output first, so that those that are added follow each other.
    std::stable_partition(sliced_.begin(), sliced_.end(),
                          [&](Label label) { return contains_label(expression.output, label); });
  }

  at::Tensor all() const {
    if (sliced_.empty()) return program_(operands_);
    const bool gradient = c10::GradMode::is_enabled() &&
                          std::any_of(operands_.begin(), operands_.end(),
                                      [](const at::Tensor& one) { return one.requires_grad(); });
    return gradient ? from(0, {}) : side_by_side();
  }

 private:
  static Expression without(Expression expression, const Labels& sliced) {
    const auto remove = [&](Labels& labels) {
      std::erase_if(labels, [&](Label label) { return contains_label(sliced, label); });
    };
    for (auto& labels : expression.inputs) remove(labels);
    remove(expression.output);
    return expression;
  }

  std::int64_t size(std::size_t level) const {
    return expression_.sizes[static_cast<std::size_t>(sliced_[level])];
  }

  at::Tensor slice(const std::vector<std::int64_t>& values) const {
    auto operands = operands_;
    for (std::size_t k = 0; k < operands.size(); ++k) {
      const auto& labels = expression_.inputs[k];
      for (std::size_t mode = labels.size(); mode-- > 0;) {
        const auto at = std::find(sliced_.begin(), sliced_.end(), labels[mode]);
        if (at == sliced_.end()) continue;
        operands[k] = operands[k].select(static_cast<std::int64_t>(mode),
                                         values[static_cast<std::size_t>(at - sliced_.begin())]);
      }
    }
    return program_(std::move(operands));
  }

  /// Where in the output, without the sliced labels after `level`, that label belongs.
  std::int64_t mode_of(std::size_t level) const {
    std::int64_t mode = 0;
    for (const auto label : expression_.output) {
      if (label == sliced_[level]) break;
      const auto at = std::find(sliced_.begin(), sliced_.end(), label) - sliced_.begin();
      if (static_cast<std::size_t>(at) > level) ++mode;
    }
    return mode;
  }

  /// The sum, or stack, of the slices with these first values.
  at::Tensor from(std::size_t level, std::vector<std::int64_t> values) const {
    if (level == sliced_.size()) return slice(values);
    const bool stacks = contains_label(expression_.output, sliced_[level]);
    std::vector<at::Tensor> results;
    for (std::int64_t value = 0; value < size(level); ++value) {
      values.resize(level);
      values.push_back(value);
      auto next = from(level + 1, values);
      if (stacks || results.empty()) {
        results.push_back(std::move(next));
      } else {
        results.front() = results.front() + next;
      }
    }
    return stacks ? at::stack(results, mode_of(level)) : results.front();
  }

  std::vector<std::int64_t> values_of(std::int64_t number) const {
    std::vector<std::int64_t> values(sliced_.size());
    for (std::size_t level = sliced_.size(); level-- > 0;) {
      values[level] = number % size(level);
      number /= size(level);
    }
    return values;
  }

  /// The part of the result that a slice is added to.
  at::Tensor place(at::Tensor result, const std::vector<std::int64_t>& values) const {
    for (std::size_t mode = expression_.output.size(); mode-- > 0;) {
      const auto at = std::find(sliced_.begin(), sliced_.end(), expression_.output[mode]);
      if (at == sliced_.end()) continue;
      result = result.select(static_cast<std::int64_t>(mode),
                             values[static_cast<std::size_t>(at - sliced_.begin())]);
    }
    return result;
  }

  /// Each thread adds up a run of slices; runs are joined in their order.
  at::Tensor side_by_side() const {
    std::int64_t outer = 1, inner = 1;
    for (std::size_t level = 0; level < sliced_.size(); ++level) {
      (contains_label(expression_.output, sliced_[level]) ? outer : inner) *= size(level);
    }
    auto result = at::zeros(expression_.shape_of(expression_.output), operands_.front().options());
    if (inner == 1) {
      base::parallel_over(outer, 1, [&](std::int64_t begin, std::int64_t end) {
        const c10::NoGradGuard no_gradients;
        for (auto k = begin; k < end; ++k) place(result, values_of(k)).copy_(slice(values_of(k)));
      });
      return result;
    }
    for (std::int64_t part = 0; part < outer; ++part) {
      place(result, values_of(part * inner)).copy_(sum_of(part * inner, inner));
    }
    return result;
  }

  at::Tensor sum_of(std::int64_t first, std::int64_t count) const {
    std::map<std::int64_t, at::Tensor> sums;  // by their first slice
    std::mutex lock;
    base::parallel_over(count, 1, [&](std::int64_t begin, std::int64_t end) {
      const c10::NoGradGuard no_gradients;
      auto sum = slice(values_of(first + begin));
      if (end > begin + 1) sum = sum.clone();
      for (auto k = begin + 1; k < end; ++k) sum.add_(slice(values_of(first + k)));
      const std::lock_guard guard(lock);
      sums[begin] = sum;
    });
    auto total = sums.begin()->second;
    for (auto next = std::next(sums.begin()); next != sums.end(); ++next)
      total = total + next->second;
    return total;
  }

  const Expression& expression_;
  std::vector<at::Tensor> operands_;
  Labels sliced_;
  Program program_;
};

}  // namespace

at::Tensor execute(const Expression& expression, const Path& path,
                   const std::vector<at::Tensor>& operands, const Labels& sliced) {
  require_operands(expression, operands);
  for (const auto label : sliced) {
    base::require(label >= 0 && static_cast<std::size_t>(label) < expression.sizes.size(),
                  "the sliced label {} does not exist; there are {}", label,
                  expression.sizes.size());
  }
  return Slices(expression, path, operands, sliced).all();
}

at::Tensor contract(const Expression& expression, const std::vector<at::Tensor>& operands) {
  return execute(expression, quick_path(expression), operands);
}

at::Tensor contract(std::string_view equation, const std::vector<at::Tensor>& operands) {
  return contract(make_expression(equation, shapes_of(operands)), operands);
}

std::vector<Shape> shapes_of(const std::vector<at::Tensor>& tensors) {
  std::vector<Shape> shapes;
  for (const auto& tensor : tensors) shapes.push_back(tensor.sizes().vec());
  return shapes;
}

}  // namespace ranklens::tn
