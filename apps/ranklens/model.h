#pragma once

#include <filesystem>
#include <string>

#include <CLI/App.hpp>

#include "ranklens/nn/model_file.h"
#include "ranklens/nn/zoo/zoo.h"

#include "common.h"

namespace ranklens::app {

/// MODEL on the command line, and what shapes a built-in network.
struct ModelOptions {
  std::string model;
  std::string weights;  ///< a PyTorch state dict for a built-in network
  nn::zoo::Options shape;
};

/// A network that was named, and where it came from.
struct OpenedModel {
  enum class Origin { file, fetched, built_in, state_dict };
  nn::Model model;
  std::string name;  ///< as it was given
  Origin origin = Origin::file;
  std::filesystem::path file;  ///< what was read, or ""

  const nn::Network& network() const { return model.network; }
  /// The name of class `index`: of the labels, or the number.
  std::string class_name(std::int64_t index) const;
};

std::string_view to_string(OpenedModel::Origin origin);

/// Adds --width, --dropout, --head, --layers, --hidden and --weights.
void add_network_options(CLI::App& command, ModelOptions& options);
/// Adds MODEL, which may also be written --model, and the options above.
void add_model_options(CLI::App& command, ModelOptions& options);

/// The key of a model's metadata that tells, by its hash, of the data that its epoch was chosen on.
constexpr const char* kChosenOn = "chosen_on";

enum class Fetched { wanted, left };

/// Opens a model file, a fetched network (`Fetched::wanted`) or a built-in one, which is fresh,
/// unless --weights fills it, and drawn from the seed. On the device and in the type of `common`
/// (bfloat16 is left to whoever computes). Error for a file that is missing or no model, a name
/// that is not known (nearest named), and shapes given for a network that has its own.
OpenedModel open_model(const ModelOptions& options, const Common& common, Fetched fetched);

/// An Error, naming the first, where a weight is not a finite number: nothing that such a network
/// answers means anything.
void require_finite_weights(const OpenedModel& opened);

/// That a network knows nothing yet, in a sentence; "" of one that may have learnt.
std::string untrained_note(const OpenedModel& opened);

/// Says it on stderr.
void warn_if_untrained(const OpenedModel& opened, const Common& common);

/// How many classes a network of images tells apart; Error if it is no classifier.
std::int64_t class_count(const nn::Network& network);

}  // namespace ranklens::app
