#include "ranklens/nn/model_file.h"

#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/base/json.h"
#include "ranklens/base/safetensors.h"
#include "ranklens/nn/graph_json.h"
#include "ranklens/nn/inspect.h"
#include "ranklens/nn/stored_state.h"

namespace ranklens::nn {
namespace {

constexpr const char* kFormat = "ranklens.format";
constexpr const char* kGraph = "ranklens.graph";
constexpr const char* kWeights = "ranklens.weights";
constexpr const char* kAliases = "ranklens.aliases";
constexpr const char* kLabels = "ranklens.labels";
constexpr int kVersion = 1;

// Takes one JSON text out of the metadata.
nlohmann::json take_json(std::map<std::string, std::string>& metadata, const char* key) {
  const auto found = metadata.find(key);
  base::require(found != metadata.end(), "it has no '{}' in its metadata", key);
  auto json = base::parse_json(found->second, fmt::format("the metadata '{}'", key));
  metadata.erase(found);
  return json;
}

template <class T>
T take(std::map<std::string, std::string>& metadata, const char* key) {
  const auto json = take_json(metadata, key);
  try {
    return json.get<T>();
  } catch (const nlohmann::json::exception&) {
    base::fail("the metadata '{}' has the wrong type", key);
  }
}

/// A classifier has as many outputs as names of classes.
void check_labels(const Model& model) {
  const auto shapes = value_shapes(model.network.graph, 2);
  const auto& output = shapes.at(model.network.graph.outputs().front());
  if (output.size() != 2 || model.labels.empty()) return;
  base::require(static_cast<std::int64_t>(model.labels.size()) == output[1],
                "it names {} classes, and its network tells {} apart", model.labels.size(),
                output[1]);
}

Model parse(base::Safetensors file) {
  auto& metadata = file.metadata;
  base::require(metadata.contains(kGraph),
                "it holds tensors but no network (no '{}' in its metadata)", kGraph);
  const auto version = take<int>(metadata, kFormat);
  base::require(version == kVersion, "its format {} is not known to this version of ranklens",
                version);
  Model model;
  model.network.graph = graph_from_json(take_json(metadata, kGraph));
  StoredTensors stored{std::move(file.tensors), {}};
  if (metadata.contains(kAliases)) {
    stored.aliases = take<std::map<std::string, std::string>>(metadata, kAliases);
  }
  model.network.state = restore(take_json(metadata, kWeights), stored);
  check(model.network.graph, model.network.state);
  if (metadata.contains(kLabels)) {
    model.labels = take<std::vector<std::string>>(metadata, kLabels);
    check_labels(model);
  }
  model.metadata = std::move(metadata);
  return model;
}

}  // namespace

void write_model(const std::filesystem::path& path, const Model& model) {
  auto stored = store_tensors(model.network.state);
  base::Safetensors file{std::move(stored.tensors), model.metadata};
  file.metadata[kFormat] = std::to_string(kVersion);
  file.metadata[kGraph] = to_json(model.network.graph).dump();
  file.metadata[kWeights] = describe(model.network.state).dump();
  if (!stored.aliases.empty()) file.metadata[kAliases] = nlohmann::json(stored.aliases).dump();
  if (!model.labels.empty()) file.metadata[kLabels] = nlohmann::json(model.labels).dump();
  base::write_safetensors(path, file);
}

Model read_model(const std::filesystem::path& path) {
  auto file = base::read_safetensors(path);
  try {
    return parse(std::move(file));
  } catch (const base::Error& error) {
    base::fail("'{}' is no valid model: {}", path.string(), error.what());
  }
}

}  // namespace ranklens::nn
