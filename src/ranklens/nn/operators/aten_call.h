#pragma once

#include <ATen/core/dispatch/Dispatcher.h>

#include "ranklens/nn/operator.h"

namespace ranklens::nn {

/// Any functional operator of libtorch by its schema name ("aten::silu", overload ""): what an
/// imported network uses and this library has no node kind for. Differentiable like any other.
///
/// `arguments` is a list by position: {"input": k} takes the node's k-th input, {"inputs": [k,
/// ...]} a list of them,
/// {"weight": role} an entry of the state, any other JSON value a constant. Missing trailing
/// arguments take their defaults. Operators that change their arguments or reach outside the
/// program are refused.
class AtenCall final : public Operator {
 public:
  AtenCall(std::string name, std::string overload, const nlohmann::json& arguments,
           std::vector<Role> weights = {});
  static OperatorPtr read(const nlohmann::json& options);
  ~AtenCall() override;

  std::string_view kind() const override { return "aten"; }
  std::size_t inputs() const override { return inputs_; }
  std::size_t outputs() const override { return outputs_; }
  nlohmann::json options() const override;
  std::vector<Role> roles() const override { return weights_; }
  std::vector<at::Tensor> run(const Call& call) const override;
  /// By running it once on zeros: schemas do not tell shapes.
  std::vector<Shape> infer(std::span<const Shape> inputs) const override;

 private:
  c10::IValue argument(std::size_t k, const Call& call) const;

  std::string name_, overload_;
  std::unique_ptr<nlohmann::json> arguments_;
  std::vector<Role> weights_;
  c10::OperatorHandle operator_;
  std::size_t inputs_ = 0, outputs_ = 1;
};

}  // namespace ranklens::nn
