#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

namespace ranklens::tn::diagram {

/// A nonlinear node: a function of every element by itself.
struct Function {
  std::string_view name;
  at::Tensor (*apply)(const at::Tensor&);
};

/// The functions that a diagram may name.
const std::vector<Function>& functions();
std::vector<std::string> function_names();
/// The function of that name, or null.
const Function* find_function(std::string_view name);

}  // namespace ranklens::tn::diagram
