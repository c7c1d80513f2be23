#include "ranklens/nn/operators/aten_call.h"

#include <algorithm>
#include <limits>

#include <ATen/core/List.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>
#include <c10/util/accumulate.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/base/tensor_bytes.h"
#include "ranklens/nn/inspect.h"
#include "ranklens/nn/operators/aten_allowed.h"
#include "ranklens/nn/operators/read_options.h"

namespace ranklens::nn {
namespace {

c10::OperatorHandle find_operator(const std::string& name, const std::string& overload) {
  require_allowed(name, overload);
  const auto found = c10::Dispatcher::singleton().findSchema({name, overload});
  base::require(found.has_value(), "libtorch has no operator '{}' with overload '{}'", name,
                overload);
  require_pure(found->schema());
  return *found;
}

/// The place of an input, from a file that may say anything.
std::size_t input_index(const nlohmann::json& value) {
  const auto k = value.is_number_integer() ? value.get<std::int64_t>() : -1;
  base::require(k >= 0 && k < 4096, "{} is no number of an input of an operator", value.dump());
  return static_cast<std::size_t>(k);
}

/// Values of one input and one output list entry each.
void count_inputs(const nlohmann::json& argument, std::size_t& most) {
  if (!argument.is_object()) return;
  if (argument.contains("input")) most = std::max(most, input_index(argument["input"]) + 1);
  if (argument.contains("inputs")) {
    for (const auto& k : argument["inputs"]) most = std::max(most, input_index(k) + 1);
  }
}

/// A whole number that fits; nlohmann would cut off what is behind the point.
std::int64_t whole(const nlohmann::json& value) {
  base::require(value.is_number_integer() &&
                    (value.is_number_unsigned()
                         ? value.get<std::uint64_t>() <= std::numeric_limits<std::int64_t>::max()
                         : true),
                "{} is no whole number of 64 bits", value.dump());
  return value.get<std::int64_t>();
}

c10::IValue constant_list(const nlohmann::json& value, const c10::TypePtr& element) {
  if (element->kind() == c10::TypeKind::IntType) {
    std::vector<std::int64_t> list;
    for (const auto& item : value.get<std::vector<nlohmann::json>>()) list.push_back(whole(item));
    return list;
  }
  if (element->kind() == c10::TypeKind::FloatType) return value.get<std::vector<double>>();
  if (element->kind() == c10::TypeKind::BoolType) {
    c10::List<bool> list;
    for (const auto& item : value) list.push_back(item.get<bool>());
    return list;
  }
  base::fail("a constant list of type {} cannot be given to an operator", element->str());
}

c10::IValue constant(const nlohmann::json& value, const c10::TypePtr& type) {
  if (value.is_null()) {
    base::require(type->kind() == c10::TypeKind::OptionalType,
                  "null cannot be given to an operator as a {}", type->str());
    return {};
  }
  switch (type->kind()) {
    case c10::TypeKind::OptionalType:
      return constant(value, type->expectRef<c10::OptionalType>().getElementType());
    case c10::TypeKind::ListType:
      return constant_list(value, type->expectRef<c10::ListType>().getElementType());
    case c10::TypeKind::FloatType:
      return value.get<double>();
    case c10::TypeKind::IntType:
      return whole(value);
    case c10::TypeKind::BoolType:
      return value.get<bool>();
    case c10::TypeKind::StringType:
      return value.get<std::string>();
    case c10::TypeKind::NumberType:
      return value.is_number_integer() ? c10::IValue(whole(value))
                                       : c10::IValue(value.get<double>());
    default:
      base::fail("a constant of type {} cannot be given to an operator", type->str());
  }
}

}  // namespace

AtenCall::AtenCall(std::string name, std::string overload, const nlohmann::json& arguments,
                   std::vector<Role> weights)
    : name_(std::move(name)),
      overload_(std::move(overload)),
      arguments_(std::make_unique<nlohmann::json>(arguments)),
      weights_(std::move(weights)),
      operator_(find_operator(name_, overload_)) {
  const auto& schema = operator_.schema();
  base::require(arguments.is_array() && arguments.size() <= schema.arguments().size(),
                "the operator '{}' takes a list of at most {} arguments", name_,
                schema.arguments().size());
  const auto& taken = schema.arguments();
  for (std::size_t k = 0; k < taken.size(); ++k)
    require_allowed_value(schema, taken[k], k < arguments.size() ? arguments[k] : nlohmann::json());
  for (const auto& argument : arguments) {
    count_inputs(argument, inputs_);
    if (argument.is_object() && argument.contains("weight")) require_role(argument["weight"]);
  }
  outputs_ = schema.returns().size();
}

AtenCall::~AtenCall() = default;

void AtenCall::require_role(const nlohmann::json& name) const {
  const bool known =
      name.is_string() && std::any_of(weights_.begin(), weights_.end(), [&](const Role& role) {
        return role.name == name.get<std::string>();
      });
  base::require(known, "the operator '{}' has no weight called {}", name_, name.dump());
}

OperatorPtr AtenCall::read(const nlohmann::json& options) {
  std::string name, overload;
  nlohmann::json arguments = nlohmann::json::array(), shapes = nlohmann::json::object();
  OptionReader("aten", options)
      .read("operator", name)
      .read("overload", overload)
      .read("arguments", arguments)
      .read("weights", shapes)
      .finish();
  std::vector<Role> weights;
  try {
    for (const auto& [role, shape] : shapes.items()) {
      weights.push_back({.name = role, .shape = shape.get<Shape>()});
      const auto numbers = base::array_bytes(weights.back().shape, 1);
      base::require(numbers && *numbers <= kLargestValue,
                    "the weight '{}' of the operator '{}' would have {} numbers", role, name,
                    fmt::join(weights.back().shape, "x"));
    }
  } catch (const nlohmann::json::exception&) {
    base::fail("the weights of the operator '{}' are not given as lists of sizes", name);
  }
  return std::make_shared<AtenCall>(name, overload, arguments, std::move(weights));
}

nlohmann::json AtenCall::options() const {
  auto shapes = nlohmann::json::object();
  for (const auto& role : weights_) shapes[role.name] = role.shape;
  return {{"operator", name_},
          {"overload", overload_},
          {"arguments", *arguments_},
          {"weights", shapes}};
}

c10::IValue AtenCall::argument(std::size_t k, const Call& call) const {
  const auto& schema = operator_.schema().arguments()[k];
  if (k >= arguments_->size()) {
    base::require(schema.default_value().has_value(), "node '{}' ({}) lacks its argument '{}'",
                  call.node, name_, schema.name());
    return *schema.default_value();
  }
  const auto& given = (*arguments_)[k];
  if (given.is_object() && given.contains("input")) return call.input(input_index(given["input"]));
  if (given.is_object() && given.contains("weight"))
    return call.weight(given["weight"].get<std::string>())->dense();
  if (given.is_object() && given.contains("inputs")) {
    c10::List<at::Tensor> list;
    for (const auto& item : given["inputs"]) list.push_back(call.input(input_index(item)));
    return list;
  }
  return constant(given, schema.type());
}

std::vector<at::Tensor> AtenCall::outputs_of(const Call& call) const {
  c10::Stack stack;
  try {
    for (std::size_t k = 0; k < operator_.schema().arguments().size(); ++k)
      stack.push_back(argument(k, call));
  } catch (const nlohmann::json::exception&) {
    base::fail("node '{}' ({}) has a constant of the wrong type", call.node, name_);
  }
  operator_.callBoxed(stack);
  std::vector<at::Tensor> outputs;
  for (const auto& value : stack) outputs.push_back(value.toTensor());
  return outputs;
}

std::vector<at::Tensor> AtenCall::run(const Call& call) const {
  try {
    return outputs_of(call);
  } catch (const c10::Error& error) {
    base::fail("node '{}' ({}) failed: {}", call.node, name_, error.what_without_backtrace());
  }
}

std::vector<at::Tensor> AtenCall::try_on(at::Device device,
                                         std::span<const ValueInfo> inputs) const {
  const c10::NoGradGuard no_grad;
  const auto blank = [&](const Shape& shape, at::ScalarType type) {
    return at::zeros(shape, at::TensorOptions().dtype(type).device(device));
  };
  std::vector<at::Tensor> values;
  for (const auto& input : inputs) values.push_back(blank(input.shape, input.type));
  WeightsByRole weights;
  for (const auto& role : weights_)
    weights.emplace(role.name, Weight(blank(role.shape, at::kFloat)));
  return outputs_of({.node = name_, .inputs = values, .weights = weights});
}

void AtenCall::require_small(std::span<const ValueInfo> inputs) const {
  constexpr std::int64_t most = std::int64_t{1} << 26;
  std::int64_t numbers = 0;
  for (const auto& input : inputs) numbers += c10::multiply_integers(input.shape);
  for (const auto& role : weights_) numbers += c10::multiply_integers(role.shape);
  base::require(numbers <= most, "what '{}' gives can be found out for at most {} numbers, not {}",
                name_, most, numbers);
}

std::vector<ValueInfo> AtenCall::infer_values(std::span<const ValueInfo> inputs) const {
  std::vector<at::Tensor> outputs;
  try {
    try {
      outputs = try_on(at::kMeta, inputs);
    } catch (const c10::NotImplementedError&) {
      require_small(inputs);
      outputs = try_on(at::kCPU, inputs);
    }
  } catch (const c10::Error& error) {
    base::fail("'{}' failed: {}", name_, error.what_without_backtrace());
  }
  std::vector<ValueInfo> infos;
  for (const auto& output : outputs) infos.push_back({output.sizes().vec(), output.scalar_type()});
  return infos;
}

std::vector<Shape> AtenCall::infer(std::span<const Shape> inputs) const {
  std::vector<ValueInfo> infos;
  for (const auto& shape : inputs) infos.push_back({shape});
  std::vector<Shape> shapes;
  for (auto& output : infer_values(infos)) shapes.push_back(std::move(output.shape));
  return shapes;
}

}  // namespace ranklens::nn
