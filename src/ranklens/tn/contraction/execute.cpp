#include "ranklens/tn/contraction/execute.h"

#include <utility>

#include "ranklens/tn/contraction/plan.h"
#include "ranklens/tn/contraction/program.h"

namespace ranklens::tn {

at::Tensor execute(const Expression& expression, const Path& path,
                   const std::vector<at::Tensor>& operands, const Labels& sliced) {
  std::vector<Shape> strides;
  for (const auto& operand : operands) strides.push_back(operand.strides().vec());
  bool fit = operands.size() == expression.inputs.size();
  for (std::size_t k = 0; fit && k < operands.size(); ++k) {
    fit = strides[k].size() == expression.inputs[k].size();
  }
  if (!fit) strides.clear();  // which Program refuses
  return Program(expression, path, sliced, std::move(strides))(operands);
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
