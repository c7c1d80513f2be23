#include "ranklens/tn/contraction/run_bytes.h"

#include <cmath>

#include "ranklens/tn/contraction/program.h"
#include "ranklens/tn/contraction/slice.h"

namespace ranklens::tn {
namespace {

/// A bound of what blocks of all steps, their copies and the threads' sums come to, as log2: sizes
/// beyond are not laid out, for their products overflow.
double log2_most(const Expression& expression, const Path& path, const Labels& sliced,
                 const RunSetting& setting) {
  const auto slice = with_fixed(expression, sliced);
  LogSum elements;
  elements.add(cost_of(slice, path).log2_write + 2);  // each result, and copies of it as a factor
  for (const auto& labels : slice.inputs) elements.add(log2_elements(slice, labels) + 1);
  elements.add(log2_elements(expression, expression.output));
  const auto item = static_cast<double>(c10::elementSize(setting.dtype));
  return elements.log2() + std::log2(item * setting.threads);
}

}  // namespace

double run_bytes(const Expression& expression, const Path& path, const Labels& sliced,
                 const RunSetting& setting) {
  constexpr double laid_out = 60;
  const double most = log2_most(expression, path, sliced, setting);
  if (most > laid_out) return std::exp2(most);
  const Program program(expression, path, sliced, setting.strides);
  const auto bytes = program.workspace_bytes(setting.dtype, setting.threads, setting.device);
  auto result = static_cast<std::int64_t>(c10::elementSize(setting.dtype));
  for (const auto size : expression.shape_of(expression.output)) result *= size;
  return static_cast<double>(bytes + result);
}

std::vector<Shape> strides_of(const Expression& expression,
                              const std::vector<at::Tensor>& operands) {
  if (operands.size() != expression.inputs.size()) return {};
  std::vector<Shape> strides;
  for (std::size_t k = 0; k < operands.size(); ++k) {
    strides.push_back(operands[k].strides().vec());
    if (strides[k].size() != expression.inputs[k].size()) return {};
  }
  return strides;
}

}  // namespace ranklens::tn
