#include "ranklens/nn/operators/activation.h"

#include <ATen/ops/gelu.h>
#include <ATen/ops/hardtanh.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/softmax.h>
#include <nlohmann/json.hpp>

#include "ranklens/nn/operators/read_options.h"

namespace ranklens::nn {

std::string_view Activation::kind() const {
  switch (function_) {
    case Function::relu6:
      return "relu6";
    case Function::gelu:
      return "gelu";
    default:
      return "relu";
  }
}

nlohmann::json Activation::options() const { return nlohmann::json::object(); }

std::vector<at::Tensor> Activation::run(const Call& call) const {
  switch (function_) {
    case Function::relu6:
      return {at::hardtanh(call.input(), 0, 6)};
    case Function::gelu:
      return {at::gelu(call.input())};
    default:
      return {at::relu(call.input())};
  }
}

OperatorPtr Softmax::read(const nlohmann::json& options) {
  std::int64_t dim = -1;
  OptionReader("softmax", options).read("dim", dim).finish();
  return std::make_shared<Softmax>(dim);
}

nlohmann::json Softmax::options() const { return {{"dim", dim_}}; }

std::vector<at::Tensor> Softmax::run(const Call& call) const {
  return {at::softmax(call.input(), dim_)};
}

}  // namespace ranklens::nn
