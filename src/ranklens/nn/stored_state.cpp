#include "ranklens/nn/stored_state.h"

#include <set>
#include <vector>

#include <nlohmann/json.hpp>

#include "ranklens/base/dtype.h"
#include "ranklens/base/error.h"
#include "ranklens/base/keys.h"
#include "ranklens/base/tensor_bytes.h"
#include "ranklens/nn/json_field.h"

namespace ranklens::nn {
namespace {

bool same_tensor(const at::Tensor& a, const at::Tensor& b) {
  return a.is_same(b) || (a.numel() > 0 && a.is_alias_of(b) &&
                          a.storage_offset() == b.storage_offset() && a.sizes() == b.sizes() &&
                          a.strides() == b.strides() && a.scalar_type() == b.scalar_type());
}

const at::Tensor& find_tensor(const StoredTensors& stored, const std::string& full_name,
                              std::set<std::string>& used) {
  const auto alias = stored.aliases.find(full_name);
  const auto& name = alias == stored.aliases.end() ? full_name : alias->second;
  const auto found = stored.tensors.find(name);
  base::require(found != stored.tensors.end(), "the tensor '{}' is missing{}", full_name,
                name == full_name ? "" : " (it is an alias of '" + name + "')");
  used.insert(name);
  return found->second;
}

Weight read_weight(const nlohmann::json& json, const std::string& name, const StoredTensors& stored,
                   std::set<std::string>& used) {
  const auto where = "weight '" + name + "'";
  const auto format = field<std::string>(json, "format", where);
  const auto structure = json.value("structure", nlohmann::json::object());
  if (structure.is_object() && structure.contains("shape")) {
    const auto bytes = base::array_bytes(field<Shape>(structure, "shape", where), 8);
    base::require(bytes.has_value(), "{} has an impossible shape", where);
  }
  std::vector<std::string> names{""};
  if (format != "dense") names = field<std::vector<std::string>>(json, "tensors", where);
  std::vector<Factor> factors;
  for (const auto& factor : names) {
    factors.push_back({factor, find_tensor(stored, factor_name(name, factor), used)});
  }
  try {
    return make_weight(format, structure, std::move(factors));
  } catch (const nlohmann::json::exception&) {
    base::fail("{} has a malformed structure", where);
  } catch (const base::Error& error) {
    base::fail("{}: {}", where, error.what());
  }
}

Entry read_entry(const nlohmann::json& json, const std::string& name, const StoredTensors& stored,
                 std::set<std::string>& used) {
  const auto where = "weight '" + name + "'";
  base::check_keys(json, {"name", "format", "structure", "tensors", "buffer", "trainable"}, where);
  Entry entry{read_weight(json, name, stored, used)};
  if (json.contains("buffer")) entry.buffer = field<bool>(json, "buffer", where);
  if (json.contains("trainable")) entry.trainable = field<bool>(json, "trainable", where);
  for (const auto& factor : entry.weight->factors()) {
    base::require(entry.buffer || factor.tensor.is_floating_point(),
                  "{} holds {}, not floating-point numbers", where,
                  base::dtype_name(factor.tensor.scalar_type()));
  }
  return entry;
}

}  // namespace

StoredTensors store_tensors(const State& state) {
  StoredTensors stored;
  std::vector<NamedTensor> kept;
  for (const auto& named : state.tensors()) {
    const auto first = std::find_if(kept.begin(), kept.end(), [&](const NamedTensor& other) {
      return same_tensor(named.tensor, other.tensor);
    });
    if (first != kept.end()) {
      stored.aliases[named.name] = first->name;
      continue;
    }
    kept.push_back(named);
    base::require(stored.tensors.emplace(named.name, named.tensor).second,
                  "two tensors of the state are called '{}'", named.name);
  }
  return stored;
}

nlohmann::json describe(const State& state) {
  auto entries = nlohmann::json::array();
  for (const auto& name : state.names()) {
    const auto& entry = state.at(name);
    nlohmann::json json{{"name", name}, {"format", std::string(entry.weight->kind())}};
    if (!entry.weight.is_dense()) {
      json["structure"] = entry.weight->structure();
      json["tensors"] = nlohmann::json::array();
      for (const auto& factor : entry.weight->factors()) json["tensors"].push_back(factor.name);
    }
    if (entry.buffer) json["buffer"] = true;
    if (!entry.trainable) json["trainable"] = false;
    entries.push_back(std::move(json));
  }
  return entries;
}

State restore(const nlohmann::json& entries, const StoredTensors& stored) {
  base::require(entries.is_array(), "the weights are not given as a list");
  State state;
  std::set<std::string> used;
  for (const auto& json : entries) {
    const auto name = field<std::string>(json, "name", "a weight");
    base::require(!state.contains(name), "two weights are called '{}'", name);
    state.set(name, read_entry(json, name, stored, used));
  }
  for (const auto& [name, tensor] : stored.tensors) {
    base::require(used.contains(name), "the tensor '{}' belongs to no weight", name);
  }
  return state;
}

}  // namespace ranklens::nn
