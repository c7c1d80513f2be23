#include "ranklens/tn/diagram/functions.h"

#include <ATen/ops/abs.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/log.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/square.h>
#include <ATen/ops/tanh.h>

namespace ranklens::tn::diagram {

const std::vector<Function>& functions() {
  using at::Tensor;
  static const std::vector<Function> all = {
      {"relu", [](const Tensor& x) { return at::relu(x); }},
      {"gelu", [](const Tensor& x) { return at::gelu(x); }},
      {"tanh", [](const Tensor& x) { return at::tanh(x); }},
      {"sigmoid", [](const Tensor& x) { return at::sigmoid(x); }},
      {"exp", [](const Tensor& x) { return at::exp(x); }},
      {"log", [](const Tensor& x) { return at::log(x); }},
      {"sqrt", [](const Tensor& x) { return at::sqrt(x); }},
      {"square", [](const Tensor& x) { return at::square(x); }},
      {"abs", [](const Tensor& x) { return at::abs(x); }},
      {"sin", [](const Tensor& x) { return at::sin(x); }},
      {"cos", [](const Tensor& x) { return at::cos(x); }},
  };
  return all;
}

std::vector<std::string> function_names() {
  std::vector<std::string> names;
  for (const Function& function : functions()) names.emplace_back(function.name);
  return names;
}

const Function* find_function(std::string_view name) {
  for (const Function& function : functions()) {
    if (function.name == name) return &function;
  }
  return nullptr;
}

}  // namespace ranklens::tn::diagram
