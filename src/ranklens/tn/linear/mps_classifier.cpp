#include "ranklens/tn/linear/mps_classifier.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/exp2.h>
#include <ATen/ops/floor.h>
#include <ATen/ops/matmul.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include "ranklens/base/by_graph.h"
#include "ranklens/base/error.h"
#include "ranklens/tn/linear/mps_passes.h"

namespace ranklens::tn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

struct DifferentiableClassifier : torch::autograd::Function<DifferentiableClassifier> {
  static tensor_list forward(AutogradContext* context, std::int64_t label,
                             const at::Tensor& features, at::TensorList cores) {
    const auto sides = sides_of(cores, static_cast<std::size_t>(label));
    const auto kept = room_for_sides(sides, features.size(0), features.options());
    const auto found = sides_forward(sides, features, &kept);
    tensor_list saved{features, kept.left_states, kept.left_factors, kept.right_states,
                      kept.right_factors};
    saved.insert(saved.end(), cores.begin(), cores.end());
    context->save_for_backward(saved);
    context->saved_data["label"] = label;
    context->mark_non_differentiable({found.exponent});
    return {found.value, found.exponent};
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto label = static_cast<std::size_t>(context->saved_data["label"].toInt());
    const auto& features = saved[0];
    const KeptSides kept{saved[1], saved[2], saved[3], saved[4]};
    const at::TensorList cores(saved.data() + 5, saved.size() - 5);
    const auto sides = sides_of(cores, label);
    tensor_list found{at::Tensor()};  // the label's place
    if (at::GradMode::is_enabled()) {
      tensor_list inputs{features};
      inputs.insert(inputs.end(), cores.begin(), cores.end());
      const auto reached = base::gradients_by_graph(values_by_operators(sides, features, kept),
                                                    inputs, gradients[0]);
      found.insert(found.end(), reached.begin(), reached.end());
      return found;
    }
    auto sums =
        sides_backward({sides, sides}, features, kept, gradients[0], features.requires_grad());
    found.push_back(sums.features);
    found.insert(found.end(), sums.left.begin(), sums.left.end());
    found.push_back(sums.label);
    found.insert(found.end(), sums.right.rbegin(), sums.right.rend());
    return found;
  }
};

void check_train(const at::Tensor& features, const std::vector<at::Tensor>& cores,
                 std::size_t label) {
  base::require(features.dim() == 3 && features.is_floating_point(),
                "the features of an MPS are [batch, sites, d], floating-point");
  base::require(
      label < cores.size() && cores.size() == static_cast<std::size_t>(features.size(1)) + 1,
      "an MPS classifier of {} sites has {} cores, the label's among them, not {}",
      features.size(1), features.size(1) + 1, cores.size());
  std::int64_t left = 1;
  for (std::size_t k = 0; k < cores.size(); ++k) {
    base::require(cores[k].dim() == 3 && cores[k].size(0) == left &&
                      (k == label || cores[k].size(1) == features.size(2)),
                  "core {} of an MPS classifier must be [{}, {}, r']", k, left,
                  k == label ? std::string("classes") : std::to_string(features.size(2)));
    left = cores[k].size(2);
  }
  base::require(left == 1, "the last core of an MPS classifier must end with rank 1");
}

bool gradient_wanted(const at::Tensor& features, const std::vector<at::Tensor>& cores) {
  return at::GradMode::is_enabled() &&
         (features.requires_grad() ||
          std::any_of(cores.begin(), cores.end(), [](const auto& c) { return c.requires_grad(); }));
}

}  // namespace

ScaledValues mps_classifier(const at::Tensor& features, const std::vector<at::Tensor>& cores,
                            std::size_t label) {
  check_train(features, cores, label);
  const auto type = cores.front().scalar_type();
  const auto inner = type == at::kDouble ? at::kDouble : at::kFloat;
  const auto phi = features.to(inner).contiguous();
  std::vector<at::Tensor> own;
  for (const auto& core : cores) own.push_back(core.to(inner));
  ScaledValues found;
  if (phi.size(0) == 0) {
    found = {at::matmul(phi.sum({1, 2}).unsqueeze(1), own[label].sum({0, 2}).unsqueeze(0)),
             phi.sum({1, 2})};
  } else if (gradient_wanted(phi, own)) {
    const auto both =
        DifferentiableClassifier::apply(static_cast<std::int64_t>(label), phi, at::TensorList(own));
    found = {both[0], both[1]};
  } else {
    const auto both = sides_forward(sides_of(own, label), phi, nullptr);
    found = {both.value, both.exponent};
  }
  // The exponents are whole numbers of up to thousands, which bfloat16 cannot hold.
  return {found.value.to(type), found.exponent};
}

at::Tensor unscaled(const ScaledValues& values) {
  // In two steps: half of the exponent alone is within the range where the result is.
  const auto type = values.exponent.scalar_type();
  const auto half = at::floor(values.exponent / 2);
  const auto first = at::exp2(half).unsqueeze(1),
             rest = at::exp2(values.exponent - half).unsqueeze(1);
  return (values.value.to(type) * first * rest).to(values.value.scalar_type());
}

}  // namespace ranklens::tn
