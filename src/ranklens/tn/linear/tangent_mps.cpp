#include "ranklens/tn/linear/tangent_mps.h"

#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <torch/csrc/autograd/custom_function.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/linear/mps_passes.h"

namespace ranklens::tn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

/// What a call is made of besides tensors of the graph: the sides of the label on the way forth,
/// and what gradients meet on their way to either end.
struct TangentSides : torch::CustomClassHolder {
  TangentSides(Sides the_point, Sides the_left, Sides the_right)
      : point(std::move(the_point)), left(std::move(the_left)), right(std::move(the_right)) {}

  Sides point, left, right;
};

c10::intrusive_ptr<TangentSides> tangent_sides(const std::vector<CoreForms>& forms,
                                               std::size_t label, at::ScalarType type) {
  const auto inner = type == at::kDouble ? at::kDouble : at::kFloat;
  // Rounded to the network's type first: what is differentiated is what it computes.
  const auto cast = [&](const at::Tensor& core) { return core.to(type).to(inner).contiguous(); };
  std::vector<at::Tensor> point, left, right;
  for (std::size_t k = 0; k < forms.size(); ++k) {
    const auto& one = forms[k];
    left.push_back(cast(one.left));
    right.push_back(cast(one.right));
    point.push_back(k < label ? left[k] : k > label ? right[k] : cast(one.centre));
  }
  return c10::make_intrusive<TangentSides>(sides_of(point, label), sides_of(left, label),
                                           sides_of(right, label));
}

struct TangentClassifier : torch::autograd::Function<TangentClassifier> {
  static tensor_list forward(AutogradContext* context,
                             const c10::intrusive_ptr<TangentSides>& sides,
                             const at::Tensor& features, at::TensorList /*parts*/) {
    const auto kept = room_for_sides(sides->point, features.size(0), features.options());
    const auto found = sides_forward(sides->point, features, &kept);
    context->save_for_backward(
        {features, kept.left_states, kept.left_factors, kept.right_states, kept.right_factors});
    context->saved_data["sides"] = c10::IValue::make_capsule(sides);
    context->mark_non_differentiable({found.exponent});
    return {found.value, found.exponent};
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    base::require(!at::GradMode::is_enabled(),
                  "parts of a tangent vector cannot be differentiated twice");
    const auto saved = context->get_saved_variables();
    const auto sides =
        c10::dynamic_intrusive_pointer_cast<TangentSides>(context->saved_data["sides"].toCapsule());
    auto sums = sides_backward({.to_left = sides->right, .to_right = sides->left}, saved[0],
                               {saved[1], saved[2], saved[3], saved[4]}, gradients[0], false);
    // One for each argument: the sides, the features, the parts.
    tensor_list found{at::Tensor(), at::Tensor()};
    found.insert(found.end(), sums.left.begin(), sums.left.end());
    found.push_back(sums.label);
    found.insert(found.end(), sums.right.rbegin(), sums.right.rend());
    return found;
  }
};

}  // namespace

std::vector<CoreForms> core_forms(const TangentSpace& space) {
  std::vector<CoreForms> forms(space.left.size());
  // The matrix between the left forms before a bond and the right ones behind it.
  auto between = at::ones({1, 1}, space.left.front().options());
  for (auto k = forms.size(); k-- > 0;) {
    const auto &left = space.left[k], &right = space.right[k];
    const auto centre = at::matmul(left, between);
    forms[k] = {left, centre, right};
    between = at::matmul(centre.flatten(1), right.flatten(1).mH());
  }
  return forms;
}

ScaledValues tangent_mps_classifier(const at::Tensor& features, const std::vector<CoreForms>& cores,
                                    const std::vector<at::Tensor>& parts, std::size_t label) {
  base::require(features.dim() == 3 && features.size(0) > 0 && label < cores.size() &&
                    cores.size() == static_cast<std::size_t>(features.size(1)) + 1 &&
                    parts.size() == cores.size(),
                "forms of a classifier and its tangent vectors have a core for each site and one "
                "for the label");
  const auto type = parts.front().scalar_type();
  base::require(features.is_floating_point() && c10::isFloatingType(type),
                "the features and cores of an MPS classifier are real numbers");
  const auto inner = type == at::kDouble ? at::kDouble : at::kFloat;
  const auto found =
      TangentClassifier::apply(tangent_sides(cores, label, type),
                               features.detach().to(inner).contiguous(), at::TensorList(parts));
  return {found[0].to(type), found[1]};
}

}  // namespace ranklens::tn
