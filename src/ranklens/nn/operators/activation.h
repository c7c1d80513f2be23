#pragma once

#include "ranklens/nn/operator.h"

namespace ranklens::nn {

/// An element-wise function without options or weights: relu, relu6, gelu (exact, by the error
/// function).
class Activation final : public Operator {
 public:
  enum class Function { relu, relu6, gelu };
  explicit Activation(Function function) : function_(function) {}

  Function function() const { return function_; }
  std::string_view kind() const override;
  nlohmann::json options() const override;
  std::vector<at::Tensor> run(const Call& call) const override;

 private:
  Function function_;
};

/// Softmax along one dimension of the batched value (negative counts from the end).
class Softmax final : public Operator {
 public:
  explicit Softmax(std::int64_t dim) : dim_(dim) {}
  static OperatorPtr read(const nlohmann::json& options);
  std::string_view kind() const override { return "softmax"; }
  nlohmann::json options() const override;
  std::vector<at::Tensor> run(const Call& call) const override;

 private:
  std::int64_t dim_;
};

}  // namespace ranklens::nn
