#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "ranklens/nn/network.h"

namespace ranklens::nn {

/// A network as it lies in a file, with what belongs to it.
struct Model {
  Network network;
  /// Names of the classes in the order of the outputs, or none.
  std::vector<std::string> labels = {};
  /// Where it comes from and anything else: text by key.
  std::map<std::string, std::string> metadata = {};
};

/// One `.safetensors` file: the graph as JSON in the metadata (key `ranklens.graph`), beside it the
/// weights' formats, the table of aliases and the labels; the tensors under their full names. Same
/// model, same bytes. Needs no class and runs no code to load.
void write_model(const std::filesystem::path& path, const Model& model);

/// Reads it back to main memory. Error, one sentence that begins with the file, for a file without
/// a graph, a newer format, a cyclic graph, unknown operators and values, names given twice, and
/// weights that are missing or of the wrong shape.
Model read_model(const std::filesystem::path& path);

}  // namespace ranklens::nn
