#include "ranklens/nn/builder.h"

#include <set>

#include <fmt/ranges.h>

#include "ranklens/base/error.h"
#include "ranklens/base/memory.h"

namespace ranklens::nn {
namespace {

/// An operator's outputs for one sample, without the batch dimension.
std::vector<ValueInfo> infer(const std::string& name, const Operator& op,
                             std::vector<ValueInfo> samples) {
  for (auto& sample : samples) sample.shape.insert(sample.shape.begin(), 2);
  try {
    auto outputs = op.infer_values(samples);
    for (auto& output : outputs) {
      base::require(!output.shape.empty(), "its output has no batch dimension");
      output.shape.erase(output.shape.begin());
    }
    return outputs;
  } catch (const base::Error& error) {
    base::fail("node '{}' does not fit: {}", name, error.what());
  }
}

/// As a floating-point number: sizes may be asked for whose product no integer holds.
double dense_numbers(const Shape& shape) {
  double numbers = 1;
  for (const auto size : shape) numbers *= static_cast<double>(size);
  return numbers;
}

double numbers_of(const Role& role, const std::string& storage) {
  const auto spec = parse_weight_spec(storage);
  if (spec.is_dense() || !role.factorisable) return dense_numbers(role.shape);
  return static_cast<double>(stored_numbers(resolve(spec, role.shape), role.shape));
}

}  // namespace

Value GraphBuilder::input(const std::string& name, Shape sample) {
  inputs_.push_back({name, sample});
  samples_[name] = sample;
  return {name, std::move(sample)};
}

Value GraphBuilder::value(const std::string& name) const {
  const auto found = samples_.find(name);
  base::require(found != samples_.end(), "no value is called '{}' yet", name);
  return {name, found->second};
}

Value GraphBuilder::add(const std::string& name, const OperatorPtr& op,
                        const std::vector<Value>& inputs,
                        const std::map<std::string, Storage>& storage) {
  Node node{.name = name, .op = op, .inputs = {}, .weights = {}};
  std::vector<ValueInfo> samples;
  for (const auto& value : inputs) {
    node.inputs.push_back(value.name);
    const auto type = types_.find(value.name);
    samples.push_back({value.sample, type == types_.end() ? at::kFloat : type->second});
  }
  for (const auto& role : op->roles()) {
    const auto found = storage.find(role.name);
    if (role.optional && found == storage.end()) continue;
    const Storage how = ruled(name, role, found == storage.end() ? Storage{} : found->second);
    const auto entry = how.share.empty() ? name + "." + role.name : how.share;
    node.weights[role.name] = entry;
    if (!how.share.empty()) continue;
    planned_.push_back({entry, role, how});
    if (role.factorisable) factorisable_.push_back(name);
  }
  const auto outputs = infer(name, *op, std::move(samples));
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    samples_[value_name(name, k)] = outputs[k].shape;
    types_[value_name(name, k)] = outputs[k].type;
  }
  nodes_.push_back(std::move(node));
  return value(name);
}

Storage GraphBuilder::ruled(const std::string& node, const Role& role, Storage storage) const {
  const auto* rule = role.factorisable ? rule_for(rules_, node) : nullptr;
  if (rule == nullptr) return storage;
  try {
    resolve(rule->spec, role.shape);
  } catch (const base::Error& error) {
    base::fail("layer '{}': {}", node, error.what());
  }
  storage.spec = to_string(rule->spec);
  return storage;
}

Network GraphBuilder::build(std::uint64_t seed, std::vector<std::string> outputs) const {
  base::require(!nodes_.empty(), "an empty network cannot be built");
  require_matched(rules_, factorisable_);
  if (outputs.empty()) outputs.push_back(nodes_.back().name);
  double numbers = 0;
  for (const auto& planned : planned_) numbers += numbers_of(planned.role, planned.storage.spec);
  base::require_memory(numbers * sizeof(float),
                       fmt::format("a network of {:.0f} numbers", numbers));
  Network network{Graph(inputs_, nodes_, std::move(outputs)), {}};
  for (const auto& planned : planned_) {
    const base::Stream stream(seed, "init", planned.entry);
    const auto spec = parse_weight_spec(planned.storage.spec);
    base::require(planned.role.factorisable || spec.is_dense(), "'{}' cannot be stored as {}",
                  planned.entry, planned.storage.spec);
    network.state.set(planned.entry, {.weight = initialise(
                                          planned.role.shape, spec,
                                          planned.storage.init.value_or(planned.role.init), stream),
                                      .buffer = planned.role.buffer,
                                      .trainable = !planned.role.buffer});
  }
  check(network.graph, network.state);
  return network;
}

}  // namespace ranklens::nn
