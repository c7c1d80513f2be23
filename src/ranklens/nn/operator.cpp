#include "ranklens/nn/operator.h"

namespace ranklens::nn {

const Weight& Call::weight(std::string_view role) const { return weights.find(role)->second; }

at::Tensor Call::tensor(std::string_view role) const {
  const auto found = weights.find(role);
  return found == weights.end() ? at::Tensor() : found->second.tensor();
}

std::vector<Shape> Operator::infer(std::span<const Shape> inputs) const { return {inputs.front()}; }

std::int64_t Operator::multiply_adds(const NodeShapes&) const { return 0; }

}  // namespace ranklens::nn
