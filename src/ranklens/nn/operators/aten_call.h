#pragma once

#include <ATen/core/dispatch/Dispatcher.h>

#include "ranklens/nn/operator.h"

namespace ranklens::nn {

/// An operator of libtorch by its schema name ("aten::silu", overload ""): what an imported network
/// uses and this library has no node kind for. Differentiable like any other. Only those that are
/// functions of their arguments alone (aten_allowed.h).
///
/// `arguments` is a list by position: {"input": k} takes the node's k-th input, {"inputs": [k,
/// ...]} a list of them,
/// {"weight": role} an entry of the state, any other JSON value a constant. Missing trailing
/// arguments take their defaults.
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
  /// Schemas do not tell shapes: asks libtorch, with tensors that have no numbers, or, where it
  /// cannot say, with zeros.
  std::vector<ValueInfo> infer_values(std::span<const ValueInfo> inputs) const override;
  /// The same for inputs in float32.
  std::vector<Shape> infer(std::span<const Shape> inputs) const override;

 private:
  c10::IValue argument(std::size_t k, const Call& call) const;
  void require_role(const nlohmann::json& name) const;
  void require_small(std::span<const ValueInfo> inputs) const;
  /// Errors of libtorch as they are.
  std::vector<at::Tensor> outputs_of(const Call& call) const;
  std::vector<at::Tensor> try_on(at::Device device, std::span<const ValueInfo> inputs) const;

  std::string name_, overload_;
  std::unique_ptr<nlohmann::json> arguments_;
  std::vector<Role> weights_;
  c10::OperatorHandle operator_;
  std::size_t inputs_ = 0, outputs_ = 1;
};

}  // namespace ranklens::nn
