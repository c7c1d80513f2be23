#include "ranklens/nn/low_memory.h"

#include <algorithm>
#include <functional>
#include <optional>

#include <ATen/core/grad_mode.h>
#include <nlohmann/json.hpp>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include "ranklens/base/by_graph.h"
#include "ranklens/nn/weights/tangent_core.h"
#include "ranklens/nn/weights/tt_matrix.h"
#include "ranklens/tn/linear/tt_linear.h"

namespace ranklens::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

/// One use of a weight: what with the weight's factors as given makes the output.
using Use = std::function<at::Tensor(const Weight&, const at::Tensor& x, const at::Tensor& bias)>;

/// A use and the weight's structure: no tensors of a graph.
struct Recipe : torch::CustomClassHolder {
  Weight weight;
  Use use;

  Recipe(const Weight& given, Use wanted)
      : weight(map_factors(given, [](const at::Tensor& factor) { return factor.detach(); })),
        use(std::move(wanted)) {}

  /// inputs: x, bias, factors.
  at::Tensor cook(const tensor_list& inputs) const {
    return use(weight->with({inputs.begin() + 2, inputs.end()}), inputs[0], inputs[1]);
  }
};

/// The gradients of those inputs that need one, through a graph that is built here and let go.
tensor_list gradients_once(const Recipe& recipe, const tensor_list& inputs, const at::Tensor& dy) {
  const at::AutoGradMode gradients(true);
  tensor_list leaves, wanted, found(inputs.size());
  for (const auto& input : inputs) {
    leaves.push_back(input.defined() ? input.detach() : input);
    if (!input.defined() || !input.requires_grad()) continue;
    leaves.back().requires_grad_();
    wanted.push_back(leaves.back());
  }
  const auto reached = torch::autograd::grad({recipe.cook(leaves)}, wanted, {dy},
                                             /*retain_graph=*/false, /*create_graph=*/false,
                                             /*allow_unused=*/true);
  auto next = reached.begin();
  for (std::size_t k = 0; k < leaves.size(); ++k) {
    if (leaves[k].defined() && leaves[k].requires_grad()) found[k] = *next++;
  }
  return found;
}

struct Recomputation : torch::autograd::Function<Recomputation> {
  static at::Tensor forward(AutogradContext* context, const c10::intrusive_ptr<Recipe>& recipe,
                            const at::Tensor& x, const std::optional<at::Tensor>& bias,
                            at::TensorList factors) {
    tensor_list inputs{x, bias.value_or(at::Tensor())};
    inputs.insert(inputs.end(), factors.begin(), factors.end());
    context->save_for_backward(inputs);
    context->saved_data["recipe"] = c10::IValue::make_capsule(recipe);
    return recipe->cook(inputs);
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const auto inputs = context->get_saved_variables();
    const auto recipe =
        c10::dynamic_intrusive_pointer_cast<Recipe>(context->saved_data["recipe"].toCapsule());
    auto found = at::GradMode::is_enabled()
                     ? base::gradients_by_graph(recipe->cook(inputs), inputs, gradients[0])
                     : gradients_once(*recipe, inputs, gradients[0]);
    found.insert(found.begin(), at::Tensor());  // the recipe's
    return found;
  }
};

bool needs_gradient_of(const std::vector<at::Tensor>& tensors) {
  return at::GradMode::is_enabled() &&
         std::any_of(tensors.begin(), tensors.end(),
                     [](const auto& one) { return one.defined() && one.requires_grad(); });
}

at::Tensor recomputed(const Weight& weight, const at::Tensor& x, const at::Tensor& bias,
                      const Use& use) {
  std::vector<at::Tensor> factors;
  for (const auto& factor : weight->factors()) factors.push_back(factor.tensor);
  auto all = factors;
  all.insert(all.end(), {x, bias});
  if (!needs_gradient_of(all)) return use(weight, x, bias);
  const auto given = bias.defined() ? std::optional<at::Tensor>(bias) : std::nullopt;
  return Recomputation::apply(c10::make_intrusive<Recipe>(weight, use), x, given,
                              at::TensorList(factors));
}

/// A weight in factors that keeps its input alone.
class LowMemory final : public WeightFormat {
 public:
  explicit LowMemory(Weight inner) : inner_(std::move(inner)) {}

  std::string_view kind() const override { return inner_->kind(); }
  Shape shape() const override { return inner_->shape(); }
  std::vector<Factor> factors() const override { return inner_->factors(); }
  Weight with(std::vector<at::Tensor> tensors) const override {
    return with_low_memory(inner_->with(std::move(tensors)));
  }
  nlohmann::json structure() const override { return inner_->structure(); }
  std::string spec() const override { return inner_->spec(); }

  at::Tensor linear(const at::Tensor& x, const at::Tensor& bias) const override {
    if (const auto* train = dynamic_cast<const TTMatrix*>(&*inner_))
      return tn::tt_linear(train->cores(), x, bias, {.keep = tn::KeepStates::low_memory});
    return recomputed(inner_, x, bias, [](const auto& weight, const auto& in, const auto& shift) {
      return weight->linear(in, shift);
    });
  }
  at::Tensor linear_adjoint(const at::Tensor& y) const override {
    return recomputed(inner_, y, {}, [](const auto& weight, const auto& in, const auto&) {
      return weight->linear_adjoint(in);
    });
  }
  at::Tensor conv2d(const at::Tensor& x, const at::Tensor& bias,
                    const ConvGeometry& geometry) const override {
    return recomputed(inner_, x, bias,
                      [geometry](const auto& weight, const auto& in, const auto& shift) {
                        return weight->conv2d(in, shift, geometry);
                      });
  }
  at::Tensor dense() const override { return inner_->dense(); }
  at::Tensor rows(const at::Tensor& indices) const override {
    return recomputed(inner_, indices, {}, [](const auto& weight, const auto& in, const auto&) {
      return weight->rows(in);
    });
  }
  std::int64_t multiply_adds() const override { return inner_->multiply_adds(); }
  std::int64_t conv_multiply_adds(const ConvSizes& sizes) const override {
    return inner_->conv_multiply_adds(sizes);
  }
  std::int64_t row_multiply_adds() const override { return inner_->row_multiply_adds(); }

 private:
  Weight inner_;
};

}  // namespace

Weight with_low_memory(const Weight& weight) {
  // A core of a state is one tensor, with nothing between the passes that could be computed again.
  const bool as_it_is = weight.is_dense() || dynamic_cast<const LowMemory*>(&*weight) != nullptr ||
                        dynamic_cast<const TangentCore*>(&*weight) != nullptr;
  return as_it_is ? weight : Weight(std::make_shared<LowMemory>(weight));
}

State with_low_memory(const State& state) {
  auto frugal = state;
  for (const auto& name : state.names()) {
    const auto& weight = state.at(name).weight;
    if (weight.defined()) frugal.replace(name, with_low_memory(weight));
  }
  return frugal;
}

}  // namespace ranklens::nn
