#include "ranklens/tn/contraction/execute.h"

#include "ranklens/tn/contraction/plan.h"
#include "ranklens/tn/contraction/program.h"
#include "ranklens/tn/contraction/run_bytes.h"

namespace ranklens::tn {

at::Tensor execute(const Expression& expression, const Path& path,
                   const std::vector<at::Tensor>& operands, const Labels& sliced) {
  // Where they do not fit, Program says what is wrong.
  return Program(expression, path, sliced, strides_of(expression, operands))(operands);
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
