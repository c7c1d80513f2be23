#include "ranklens/nn/operator.h"

namespace ranklens::nn {

const Weight& Call::weight(std::string_view role) const { return weights.find(role)->second; }

at::Tensor Call::tensor(std::string_view role) const {
  const auto found = weights.find(role);
  return found == weights.end() ? at::Tensor() : found->second.tensor();
}

std::vector<Shape> Operator::infer(std::span<const Shape> inputs) const { return {inputs.front()}; }

std::vector<ValueInfo> Operator::infer_values(std::span<const ValueInfo> inputs) const {
  std::vector<Shape> shapes;
  auto type = inputs.front().type;
  for (const auto& input : inputs) {
    shapes.push_back(input.shape);
    type = c10::promoteTypes(type, input.type);
  }
  if (!c10::isFloatingType(type) && !c10::isComplexType(type) && !keeps_integers())
    type = at::kFloat;
  std::vector<ValueInfo> outputs;
  for (auto& shape : infer(shapes)) outputs.push_back({std::move(shape), type});
  return outputs;
}

std::int64_t Operator::multiply_adds(const NodeShapes&) const { return 0; }

}  // namespace ranklens::nn
