#include "ranklens/nn/operators/aten_call.h"

#include <set>

#include <ATen/core/List.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/nn/operators/read_options.h"

namespace ranklens::nn {
namespace {

/// Functional by schema, but not by effect: these read files, or hand out memory as it is.
const std::set<std::string> refused{
    "aten::from_file",     "aten::set_data",      "aten::_cudnn_init_dropout_state",
    "aten::empty",         "aten::empty_strided", "aten::_make_per_tensor_quantized_tensor",
    "aten::record_stream", "aten::save",          "aten::format",
    "aten::print"};

c10::OperatorHandle find_operator(const std::string& name, const std::string& overload) {
  base::require(name.starts_with("aten::") && !refused.contains(name),
                "the operator '{}' is not allowed in a network", name);
  const auto found = c10::Dispatcher::singleton().findSchema({name, overload});
  base::require(found.has_value(), "libtorch has no operator '{}' with overload '{}'", name,
                overload);
  const auto& schema = found->schema();
  base::require(!schema.is_mutable(),
                "the operator '{}' changes its arguments, which a network may not do", name);
  for (const auto& result : schema.returns()) {
    base::require(result.type()->kind() == c10::TypeKind::TensorType,
                  "the operator '{}' does not return tensors only", name);
  }
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

c10::IValue constant_list(const nlohmann::json& value, const c10::TypePtr& element) {
  if (element->kind() == c10::TypeKind::IntType) return value.get<std::vector<std::int64_t>>();
  if (element->kind() == c10::TypeKind::FloatType) return value.get<std::vector<double>>();
  if (element->kind() == c10::TypeKind::BoolType) {
    c10::List<bool> list;
    for (const auto& item : value) list.push_back(item.get<bool>());
    return list;
  }
  base::fail("a constant list of type {} cannot be given to an operator", element->str());
}

c10::IValue constant(const nlohmann::json& value, const c10::TypePtr& type) {
  if (value.is_null()) return {};
  switch (type->kind()) {
    case c10::TypeKind::OptionalType:
      return constant(value, type->expectRef<c10::OptionalType>().getElementType());
    case c10::TypeKind::ListType:
      return constant_list(value, type->expectRef<c10::ListType>().getElementType());
    case c10::TypeKind::FloatType:
      return value.get<double>();
    case c10::TypeKind::IntType:
      return value.get<std::int64_t>();
    case c10::TypeKind::BoolType:
      return value.get<bool>();
    case c10::TypeKind::StringType:
      return value.get<std::string>();
    case c10::TypeKind::NumberType:
      return value.is_number_integer() ? c10::IValue(value.get<std::int64_t>())
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
  for (const auto& argument : arguments) count_inputs(argument, inputs_);
  outputs_ = schema.returns().size();
}

AtenCall::~AtenCall() = default;

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

std::vector<at::Tensor> AtenCall::run(const Call& call) const {
  c10::Stack stack;
  try {
    for (std::size_t k = 0; k < operator_.schema().arguments().size(); ++k)
      stack.push_back(argument(k, call));
    operator_.callBoxed(stack);
  } catch (const nlohmann::json::exception&) {
    base::fail("node '{}' ({}) has a constant of the wrong type", call.node, name_);
  } catch (const c10::Error& error) {
    base::fail("node '{}' ({}) failed: {}", call.node, name_, error.what_without_backtrace());
  }
  std::vector<at::Tensor> outputs;
  for (const auto& value : stack) outputs.push_back(value.toTensor());
  return outputs;
}

std::vector<Shape> AtenCall::infer(std::span<const Shape> inputs) const {
  const c10::NoGradGuard no_grad;
  std::vector<at::Tensor> zeros;
  for (const auto& shape : inputs) zeros.push_back(at::zeros(shape));
  WeightsByRole weights;
  for (const auto& role : weights_) weights.emplace(role.name, Weight(at::zeros(role.shape)));
  std::vector<Shape> shapes;
  for (const auto& output : run(Call{.node = name_, .inputs = zeros, .weights = weights})) {
    shapes.push_back(output.sizes().vec());
  }
  return shapes;
}

}  // namespace ranklens::nn
