#include "ranklens/train/checkpoint.h"

#include <fmt/ranges.h>

#include "ranklens/base/error.h"
#include "ranklens/base/free_folder.h"
#include "ranklens/base/json.h"
#include "ranklens/base/leftovers.h"
#include "ranklens/base/safetensors.h"
#include "ranklens/nn/core_ranks.h"
#include "ranklens/nn/stored_state.h"

namespace ranklens::train {
namespace {

constexpr const char* file_format = "ranklens checkpoint 1";

/// Hashes tell a reader nothing: how the data were asked for then and now.
std::string texts_of_data(const Checkpoint& checkpoint, const nlohmann::json& configuration,
                          const std::string& here) {
  const auto there = checkpoint.position.value("data_text", std::string());
  const auto differs = [&](const char* key) {
    return checkpoint.configuration.value(key, "") != configuration.value(key, "");
  };
  if (there.empty() || here.empty() || !checkpoint.configuration.is_object()) return "";
  if (!differs("training data") && !differs("validation data")) return "";
  return there == here ? fmt::format(" (both times '{}')", here)
                       : fmt::format(" ('{}' there, '{}' here)", there, here);
}

/// The network that a training begins with is told by a hash, which says nothing of what differs.
std::string text_of_network(const Checkpoint& checkpoint, const nlohmann::json& configuration) {
  const auto of = [](const nlohmann::json& one) {
    return one.is_object() ? one.value("network", std::string()) : std::string();
  };
  const auto difference = base::first_difference(checkpoint.configuration, configuration);
  const bool first = difference.starts_with("network is ");
  return first && of(checkpoint.configuration) != of(configuration)
             ? " (its layers, their sizes or formats, their type, or the seed of its start differ)"
             : "";
}

}  // namespace

void Checkpoint::put(const std::string& part, const std::map<std::string, at::Tensor>& more) {
  for (const auto& [name, tensor] : more) tensors[fmt::format("{}/{}", part, name)] = tensor;
}

std::map<std::string, at::Tensor> Checkpoint::part(const std::string& part) const {
  const std::string prefix = part + "/";
  std::map<std::string, at::Tensor> found;
  for (auto one = tensors.lower_bound(prefix);
       one != tensors.end() && one->first.starts_with(prefix); ++one) {
    found[one->first.substr(prefix.size())] = one->second;
  }
  return found;
}

std::filesystem::path checkpoint_path(const std::filesystem::path& folder) {
  return folder / "checkpoint.safetensors";
}

void write_checkpoint(const std::filesystem::path& folder, const Checkpoint& checkpoint) {
  base::write_safetensors(checkpoint_path(folder),
                          {.tensors = checkpoint.tensors,
                           .metadata = {{"format", file_format},
                                        {"configuration", checkpoint.configuration.dump()},
                                        {"position", checkpoint.position.dump()}}});
}

Checkpoint read_checkpoint(const std::filesystem::path& folder, const nlohmann::json& configuration,
                           const std::string& data_text) {
  const auto path = checkpoint_path(folder);
  auto file = base::read_safetensors(path);
  const auto text = [&](const char* key) -> const std::string& {
    const auto found = file.metadata.find(key);
    base::require(found != file.metadata.end(), "'{}' is not a checkpoint: it has no '{}'",
                  path.string(), key);
    return found->second;
  };
  base::require(text("format") == file_format, "'{}' is a '{}', not a '{}'", path.string(),
                text("format"), file_format);
  Checkpoint checkpoint{.configuration = base::parse_json(text("configuration"), path.string()),
                        .position = base::parse_json(text("position"), path.string()),
                        .tensors = std::move(file.tensors)};
  base::require(
      checkpoint.configuration == configuration,
      "the run in '{}' was begun with another configuration: {}{}{}; take another folder, "
      "or the same configuration",
      folder.string(), base::first_difference(checkpoint.configuration, configuration),
      texts_of_data(checkpoint, configuration, data_text),
      text_of_network(checkpoint, configuration));
  return checkpoint;
}

void remove_leftovers(const std::filesystem::path& folder) {
  const auto is_ours = [](const std::string& name) {
    const bool ours = name.starts_with(".checkpoint.safetensors.") ||
                      name.starts_with(".metrics.jsonl.") || name.starts_with(".steps.jsonl.");
    return ours && name.ends_with(".tmp");
  };
  // They are as large as the network, one for each time that a training was killed as it wrote.
  base::sweep(folder, is_ours, {}, base::WithoutLocks::remove);
}

std::map<std::string, at::Tensor> tensors_of(const nn::State& state) {
  std::map<std::string, at::Tensor> tensors;
  for (const auto& one : state.tensors()) tensors[one.name] = one.tensor;
  return tensors;
}

nn::State with_tensors(const nn::State& state, const std::map<std::string, at::Tensor>& tensors) {
  nn::State restored = state;
  for (const auto& one : state.tensors()) {
    const auto found = tensors.find(one.name);
    base::require(found != tensors.end(), "the checkpoint lacks the tensor '{}'", one.name);
    base::require(found->second.sizes() == one.tensor.sizes() &&
                      found->second.scalar_type() == one.tensor.scalar_type(),
                  "the checkpoint's tensor '{}' is [{}], the network's is [{}]", one.name,
                  fmt::join(found->second.sizes(), ", "), fmt::join(one.tensor.sizes(), ", "));
    restored.set_tensor(one.name, found->second.to(one.tensor.device()));
  }
  return restored;
}

nn::State with_weights(const nn::State& state, const nlohmann::json& described,
                       const std::map<std::string, at::Tensor>& tensors) {
  if (described.is_null()) return with_tensors(state, tensors);
  const nn::State found = nn::restore(described, {.tensors = tensors, .aliases = {}});
  base::require(found.names() == state.names(), "the checkpoint is of another network");
  for (const auto& name : state.names()) {
    const auto shape = found.at(name).weight->shape(), expected = state.at(name).weight->shape();
    base::require(nn::same_but_for_ranks(name, shape, expected),
                  "the checkpoint's weight '{}' is [{}], the network's is [{}]", name,
                  fmt::join(shape, ", "), fmt::join(expected, ", "));
  }
  return found;
}

}  // namespace ranklens::train
