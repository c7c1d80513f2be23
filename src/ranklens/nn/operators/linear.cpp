#include "ranklens/nn/operators/linear.h"

#include <functional>
#include <numeric>

#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/nn/operators/bounds.h"
#include "ranklens/nn/operators/read_options.h"

namespace ranklens::nn {

Linear::Linear(std::int64_t in, std::int64_t out, bool bias) : in_(in), out_(out), bias_(bias) {
  base::require(in >= 1 && out >= 1, "a linear layer needs at least one input and one output");
  require_at_most(kMostFeatures, {in, out}, "the inputs and outputs of a linear layer");
}

OperatorPtr Linear::read(const nlohmann::json& options) {
  std::int64_t in = 0, out = 0;
  bool bias = true;
  OptionReader("linear", options).read("in", in).read("out", out).read("bias", bias).finish();
  return std::make_shared<Linear>(in, out, bias);
}

nlohmann::json Linear::options() const { return {{"in", in_}, {"out", out_}, {"bias", bias_}}; }

std::vector<Role> Linear::roles() const {
  std::vector<Role> roles{{.name = "weight", .shape = {out_, in_}, .factorisable = true}};
  if (bias_) roles.push_back({.name = "bias", .shape = {out_}, .init = {.fan_in = in_}});
  return roles;
}

std::vector<at::Tensor> Linear::run(const Call& call) const {
  base::require(call.input().size(-1) == in_, "node '{}' (linear) takes {} inputs, not {}",
                call.node, in_, call.input().size(-1));
  const auto& weight = call.weight("weight");
  return {weight->linear(in_type_of(call.input(), weight), call.tensor("bias"))};
}

std::vector<Shape> Linear::infer(std::span<const Shape> inputs) const {
  Shape shape = inputs.front();
  base::require(!shape.empty() && shape.back() == in_,
                "a linear layer of {} inputs does not take {}", in_,
                shape.empty() ? 0 : shape.back());
  shape.back() = out_;
  return {shape};
}

std::int64_t Linear::multiply_adds(const NodeShapes& shapes) const {
  const auto& x = shapes.inputs.front();
  const auto rows = std::accumulate(x.begin(), x.end() - 1, std::int64_t{1}, std::multiplies<>());
  return rows * shapes.weights.find("weight")->second->multiply_adds();
}

}  // namespace ranklens::nn
