#pragma once

#include <filesystem>
#include <map>
#include <string>

#include <ATen/core/Tensor.h>
#include <nlohmann/json.hpp>

#include "ranklens/data/dataset.h"
#include "ranklens/nn/network.h"

namespace ranklens::train {

struct FitOptions;

/// All that a run needs to go on. One file, so that its parts always belong together.
struct Checkpoint {
  nlohmann::json configuration;
  nlohmann::json position;
  std::map<std::string, at::Tensor> tensors;

  /// Adds tensors under "PART/NAME".
  void put(const std::string& part, const std::map<std::string, at::Tensor>& tensors);
  /// The tensors of a part, without its name.
  std::map<std::string, at::Tensor> part(const std::string& part) const;
};

/// DIR/checkpoint.safetensors.
std::filesystem::path checkpoint_path(const std::filesystem::path& folder);

/// Writes the whole file or leaves the former one as it was.
void write_checkpoint(const std::filesystem::path& folder, const Checkpoint& checkpoint);

/// Reads the folder's checkpoint. An Error if the file is damaged or not a checkpoint, or if its
/// configuration is another one: it names the first difference, of other data also `data_text` and
/// what the checkpoint has in its place (FitOptions::data_text).
Checkpoint read_checkpoint(const std::filesystem::path& folder, const nlohmann::json& configuration,
                           const std::string& data_text = "");

/// Removes temporary files that processes killed while writing here have left.
void remove_leftovers(const std::filesystem::path& folder);

/// Everything that the final weights depend on: digests of network and data, and the options that
/// matter.
nlohmann::json configuration_of(const nn::Network& network, const data::Dataset& training,
                                const data::Dataset& validation, const FitOptions& options);

/// Names to tensors of a state, and a state with tensors put back; an Error if one is missing or
/// misshapen.
std::map<std::string, at::Tensor> tensors_of(const nn::State& state);
nn::State with_tensors(const nn::State& state, const std::map<std::string, at::Tensor>& tensors);

/// The same of a state whose weights may have changed their format or their ranks since it was that
/// of the network: `described` is nn::describe() of it, null in checkpoints that have none. An
/// Error if an entry stands for a tensor of another shape than the network's.
nn::State with_weights(const nn::State& state, const nlohmann::json& described,
                       const std::map<std::string, at::Tensor>& tensors);

}  // namespace ranklens::train
