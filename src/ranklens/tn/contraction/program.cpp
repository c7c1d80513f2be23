#include "ranklens/tn/contraction/program.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <mutex>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_strided.h>
#include <ATen/ops/stack.h>
#include <fmt/ranges.h>

#include "ranklens/base/dtype.h"
#include "ranklens/base/error.h"
#include "ranklens/base/parallel.h"
#include "ranklens/base/threads.h"
#include "ranklens/tn/contraction/by_operators.h"

namespace ranklens::tn {
namespace {

Shape contiguous_strides(const Shape& sizes) {
  Shape strides(sizes.size(), 1);
  for (std::size_t mode = sizes.size(); mode-- > 1;)
    strides[mode - 1] = strides[mode] * sizes[mode];
  return strides;
}

/// The strides of what Slices::part leaves of an operand.
std::vector<Shape> slice_strides(const Expression& expression, const Slices& slices,
                                 const std::vector<Shape>& strides) {
  std::vector<Shape> left(strides.size());
  for (std::size_t k = 0; k < strides.size(); ++k) {
    for (std::size_t mode = 0; mode < strides[k].size(); ++mode) {
      if (slices.without({expression.inputs[k][mode]}).empty()) continue;
      left[k].push_back(strides[k][mode]);
    }
  }
  return left;
}

bool same_strides(const at::Tensor& operand, const Shape& strides) {
  for (std::size_t mode = 0; mode < strides.size(); ++mode) {
    const auto there = static_cast<std::int64_t>(mode);
    if (operand.size(there) > 1 && operand.stride(there) != strides[mode]) return false;
  }
  return true;
}

}  // namespace

/// Steps by who multiplies, compiled when they are first wanted.
struct Program::CompiledOnce {
  struct One {
    std::once_flag done;
    std::shared_ptr<const Compiled> steps;
  };
  One library, strided;
};

Program::Program(Expression expression, const Path& path, const Labels& sliced,
                 std::vector<Shape> strides)
    : expression_(std::move(expression)),
      slices_(expression_, sliced),
      slice_(slice_of(slices_, expression_)),
      holders_(holders_of(slice_)),
      strides_(std::move(strides)) {
  if (strides_.empty()) {
    for (const auto& labels : expression_.inputs) {
      strides_.push_back(contiguous_strides(expression_.shape_of(labels)));
    }
  }
  std::vector<Labels> orders;
  for (const auto& labels : slice_.inputs) {
    orders.push_back(laid_out_labels(slice_, holders_, labels));
  }
  Expression plain = slice_;
  plain.output = laid_out_labels(slice_, holders_, slice_.output);
  merges_ = lay_out(plain, orders, path);
  if (merges_.empty()) return;
  compiled_ = std::make_shared<CompiledOnce>();
}

const std::shared_ptr<const Compiled>& Program::steps_for(at::ScalarType dtype,
                                                          at::Device device) const {
  const bool strided =
      device.is_cpu() && (dtype == at::kFloat || dtype == at::kDouble) && has_strided_product();
  auto& one = strided ? compiled_->strided : compiled_->library;
  std::call_once(one.done, [&] {
    one.steps = std::make_shared<const Compiled>(
        compile(slice_, holders_, merges_, slice_strides(expression_, slices_, strides_),
                strided ? Multiplier::strided : Multiplier::library));
  });
  return one.steps;
}

void Program::require_fit(const std::vector<at::Tensor>& operands) const {
  base::require(operands.size() == expression_.inputs.size(),
                "the equation has {} operands, but {} were given", expression_.inputs.size(),
                operands.size());
  const auto& first = operands.front();
  base::require(at::isFloatingType(first.scalar_type()) || at::isComplexType(first.scalar_type()),
                "operand 0 is {}; floating or complex ones are contracted",
                base::dtype_name(first.scalar_type()));
  for (std::size_t k = 0; k < operands.size(); ++k) {
    const auto& operand = operands[k];
    const auto shape = expression_.shape_of(expression_.inputs[k]);
    base::require(operand.sizes() == at::IntArrayRef(shape),
                  "operand {} has shape [{}], but its labels have sizes [{}]", k,
                  fmt::join(operand.sizes(), ", "), fmt::join(shape, ", "));
    base::require(
        operand.scalar_type() == first.scalar_type() && operand.device() == first.device(),
        "operand {} is {} on {}, but operand 0 is {} on {}", k,
        base::dtype_name(operand.scalar_type()), operand.device().str(),
        base::dtype_name(first.scalar_type()), first.device().str());
  }
}

/// Whether compiled steps do: where there are any, and no gradient is wanted.
bool Program::by_steps(const std::vector<at::Tensor>& operands) const {
  return compiled_ && !(c10::GradMode::is_enabled() &&
                        std::any_of(operands.begin(), operands.end(),
                                    [](const at::Tensor& one) { return one.requires_grad(); }));
}

std::vector<at::Tensor> Program::as_laid_out(std::vector<at::Tensor> operands) const {
  for (std::size_t k = 0; k < operands.size(); ++k) {
    auto& operand = operands[k];
    operand = operand.resolve_conj().resolve_neg();
    if (same_strides(operand, strides_[k])) continue;
    const auto sizes = operand.sizes();
    operand = at::empty_strided(sizes, strides_[k], operand.options()).copy_(operand);
  }
  return operands;
}

/// Adds up slices begin..end-1, which belong to one part of the result.
void Program::add_slices(const std::vector<at::Tensor>& operands, std::int64_t begin,
                         std::int64_t end, const at::Tensor& sum, Workspace& workspace) const {
  const auto& steps = steps_for(sum.scalar_type(), sum.device());
  const auto one = empty_result(*steps, sum.options());
  for (auto number = begin; number < end; ++number) {
    const auto values = slices_.values_of(number);
    auto parts = operands;
    for (std::size_t k = 0; k < parts.size(); ++k) {
      parts[k] = slices_.part(parts[k], expression_.inputs[k], values);
    }
    run_steps(steps, parts, one, workspace);
    if (number == begin) {
      sum.copy_(one);
    } else {
      sum.add_(one);
    }
  }
}

at::Tensor Program::operator()(const std::vector<at::Tensor>& operands,
                               Workspace& workspace) const {
  require_fit(operands);
  if (!by_steps(operands)) return summed_by_operators(operands);
  const auto ready = as_laid_out(operands);
  const auto options = ready.front().options();
  if (slices_.labels.empty()) {
    const auto& steps = steps_for(ready.front().scalar_type(), ready.front().device());
    const auto result = empty_result(*steps, options);
    run_steps(steps, ready, result, workspace);
    return result;
  }
  const auto result = at::empty(expression_.shape_of(expression_.output), options);
  for (std::int64_t part = 0; part < slices_.outer_count; ++part) {
    const auto first = part * slices_.inner_count;
    add_slices(ready, first, first + slices_.inner_count,
               slices_.part(result, expression_.output, slices_.values_of(first)), workspace);
  }
  return result;
}

at::Tensor Program::operator()(const std::vector<at::Tensor>& operands) const {
  if (slices_.labels.empty() || base::threads() == 1) {
    Workspace workspace;
    return (*this)(operands, workspace);
  }
  require_fit(operands);
  return by_steps(operands) ? side_by_side(as_laid_out(operands)) : summed_by_operators(operands);
}

/// Each thread takes a run of parts, or, where there are few parts, a run of the slices of each;
/// those runs are joined in their order.
at::Tensor Program::side_by_side(const std::vector<at::Tensor>& operands) const {
  const auto outer = slices_.outer_count, inner = slices_.inner_count;
  const auto result =
      at::empty(expression_.shape_of(expression_.output), operands.front().options());
  const auto place = [&](std::int64_t part) {
    return slices_.part(result, expression_.output, slices_.values_of(part * inner));
  };
  if (inner == 1 || outer >= base::threads()) {
    base::parallel_over(outer, 1, [&](std::int64_t begin, std::int64_t end) {
      const c10::NoGradGuard no_gradients;  // a property of the thread
      Workspace workspace;
      for (auto part = begin; part < end; ++part) {
        add_slices(operands, part * inner, (part + 1) * inner, place(part), workspace);
      }
    });
    return result;
  }
  for (std::int64_t part = 0; part < outer; ++part) {
    std::map<std::int64_t, at::Tensor> sums;  // by their first slice
    std::mutex lock;
    base::parallel_over(inner, 1, [&](std::int64_t begin, std::int64_t end) {
      const c10::NoGradGuard no_gradients;
      Workspace workspace;
      const auto first = part * inner;
      auto sum = empty_result(*steps_for(result.scalar_type(), result.device()), result.options());
      add_slices(operands, first + begin, first + end, sum, workspace);
      const std::lock_guard guard(lock);
      sums[begin] = std::move(sum);
    });
    const auto to = place(part);
    for (auto& [begin, sum] : sums) begin == 0 ? to.copy_(sum) : to.add_(sum);
  }
  return result;
}

/// The same by operators, so that gradients are tracked.
at::Tensor Program::summed_by_operators(const std::vector<at::Tensor>& operands) const {
  const auto& labels = slices_.labels;
  std::vector<at::Tensor> parts;
  for (std::int64_t number = 0; number < slices_.outer_count * slices_.inner_count; ++number) {
    const auto values = slices_.values_of(number);
    auto those = operands;
    for (std::size_t k = 0; k < those.size(); ++k) {
      those[k] = slices_.part(those[k], expression_.inputs[k], values);
    }
    auto one = run_by_operators(slice_, holders_, merges_, std::move(those));
    if (number % slices_.inner_count == 0) {
      parts.push_back(std::move(one));
    } else {
      parts.back() = parts.back() + one;
    }
  }
  if (labels.empty()) return parts.front();
  // The sliced labels of the output come first: take each mode from where it is.
  Labels order = slices_.without(expression_.output), there;
  std::copy_if(labels.begin(), labels.end(), std::back_inserter(there), [&](Label label) {
    return std::find(expression_.output.begin(), expression_.output.end(), label) !=
           expression_.output.end();
  });
  order.insert(order.begin(), there.begin(), there.end());
  std::vector<std::int64_t> modes;
  for (const auto label : expression_.output) {
    modes.push_back(std::find(order.begin(), order.end(), label) - order.begin());
  }
  return at::stack(parts).reshape(expression_.shape_of(order)).permute(modes);
}

std::int64_t Program::workspace_bytes(at::ScalarType dtype, int threads, at::Device device) const {
  if (!compiled_) return 0;
  const auto& steps = steps_for(dtype, device);
  const auto item = static_cast<std::int64_t>(c10::elementSize(dtype));
  if (slices_.labels.empty()) return item * steps->arena;
  const auto outer = slices_.outer_count, inner = slices_.inner_count;
  const bool by_parts = threads == 1 || inner == 1 || outer >= threads;
  const auto workers = std::min<std::int64_t>(threads, by_parts ? outer : inner);
  return item * workers * (steps->arena + (by_parts ? 1 : 2) * steps->result);
}

}  // namespace ranklens::tn
