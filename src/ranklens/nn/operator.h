#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>
#include <nlohmann/json_fwd.hpp>

#include "ranklens/base/random.h"
#include "ranklens/nn/init.h"
#include "ranklens/nn/state.h"

namespace ranklens::nn {

enum class Mode { evaluate, train };
/// In training mode: use the batch's statistics and report new running ones, or use the running
/// ones as they are.
enum class BatchNormMode { update, frozen };

using WeightsByRole = std::map<std::string, Weight, std::less<>>;

/// What an operator sees of one call.
struct Call {
  std::string_view node;
  std::span<const at::Tensor> inputs;
  /// By role; an optional weight that the node does not name is undefined.
  const WeightsByRole& weights;
  Mode mode = Mode::evaluate;
  BatchNormMode batch_norm = BatchNormMode::update;
  /// Named stream of this run, or null where nothing random is allowed.
  const base::Stream* random = nullptr;
  /// Takes new buffer values by role.
  std::map<std::string, at::Tensor>* changes = nullptr;

  const at::Tensor& input(std::size_t k = 0) const { return inputs[k]; }
  const Weight& weight(std::string_view role) const;
  /// The tensor of a dense weight, or an undefined tensor where the node has none of this role.
  at::Tensor tensor(std::string_view role) const;
};

/// A weight an operator needs.
struct Role {
  std::string name;
  Shape shape;
  Init init = {};
  bool buffer = false;
  bool optional = false;
  /// May be stored in factors.
  bool factorisable = false;
};

/// What is known of a value before anything runs.
struct ValueInfo {
  Shape shape;  ///< with the batch dimension
  at::ScalarType type = at::kFloat;
};

/// The sizes one node works on.
struct NodeShapes {
  std::span<const Shape> inputs, outputs;
  const WeightsByRole& weights;
};

/// An immutable description of one step of a network. Operators of the same kind and options are
/// interchangeable.
class Operator {
 public:
  virtual ~Operator() = default;
  /// The name used in files: "conv2d", "relu", ...
  virtual std::string_view kind() const = 0;
  virtual nlohmann::json options() const = 0;
  virtual std::size_t inputs() const { return 1; }
  virtual std::size_t outputs() const { return 1; }
  virtual std::vector<Role> roles() const { return {}; }
  virtual std::vector<at::Tensor> run(const Call& call) const = 0;
  /// Shapes of the outputs for inputs of these shapes (with the batch dimension). The first input's
  /// unless overridden; an Error where the inputs do not fit.
  virtual std::vector<Shape> infer(std::span<const Shape> inputs) const;
  /// The same with the types of numbers. Unless overridden all outputs have the type to which the
  /// inputs' promote; where that is no floating-point type, float32 unless keeps_integers().
  virtual std::vector<ValueInfo> infer_values(std::span<const ValueInfo> inputs) const;
  /// Whether whole numbers stay whole numbers.
  virtual bool keeps_integers() const { return false; }
  /// Multiply–adds of one call with inputs and outputs of these shapes.
  virtual std::int64_t multiply_adds(const NodeShapes& shapes) const;
};

using OperatorPtr = std::shared_ptr<const Operator>;

/// Number of inputs that means "any".
inline constexpr std::size_t any_number = static_cast<std::size_t>(-1);

/// Reads an operator from its kind and options; an Error for an unknown kind (nearest named) or
/// unknown or wrong options.
OperatorPtr make_operator(const std::string& kind, const nlohmann::json& options);
std::vector<std::string> operator_kinds();

}  // namespace ranklens::nn
