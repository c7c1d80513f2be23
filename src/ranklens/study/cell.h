#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "ranklens/train/metrics.h"

namespace ranklens::study {

/// Means over the explained images: metric to value.
using Values = std::map<std::string, double>;

/// What one trained network left: all that tables and verdicts need, small enough to be kept for
/// ever.
struct Cell {
  std::string arm;
  std::uint64_t seed = 0;
  /// study::identity of the configuration it was made under.
  std::string identity;
  std::int64_t parameters = 0;  ///< trainable ones, after training
  std::int64_t flops = 0;       ///< of one image; 0 in cells of earlier versions
  /// Numbers of its linear maps and convolutions after training, r (m + n) for rank r, without
  /// biases and norms, and how many they would have were they dense; 0 in cells of earlier
  /// versions.
  std::int64_t weights = 0, dense_weights = 0;
  /// What the arm was, where it was one of the study's own (recipe_text()); "" for others, and in
  /// cells of earlier versions.
  std::string recipe;
  double rate = 1;  ///< the chosen factor on the learning rate (study/rates.h)
  /// Specs of the weights that the arms differ in: "dense", "tt(...), tt(...)".
  std::string head;
  /// On the held-out images, after the last epoch.
  double accuracy = 0;
  double loss = 0;
  std::vector<train::EpochMetrics> history;
  /// "gradcam", "gradcam untrained", "random" (study/keys.h): the metrics of those maps.
  std::map<std::string, Values> scores;
  /// How many of a key's maps are blank (no evidence anywhere); keys without any are left out.
  std::map<std::string, std::int64_t> blank;
  /// How many images a mean of `scores` leaves out, by key and metric, because they say nothing:
  /// their mask is empty or full. Keys and metrics without any are left out.
  std::map<std::string, std::map<std::string, std::int64_t>> left_out;
  /// Agreement of two methods' maps of the same images, "gradcam~smoothgrad", and the same on the
  /// untrained network, "gradcam~smoothgrad untrained".
  std::map<std::string, Values> agreement;
  /// Seconds by the clock, by stage: "train" (steps), "validate", "evaluate", "explain", "measure"
  /// and "other" (building, loading, checkpoints, writing). They add up to what the cell took.
  std::map<std::string, double> seconds;
  /// Versions, threads, numbers: for whoever doubts. Several values of one key, where a training
  /// that was begun with one went on with another, are joined by " and ": see provenance_values().
  std::map<std::string, std::string> provenance;
  /// Why there is nothing: the training diverged, or what it learned answers with numbers that are
  /// not finite. Empty for a good cell.
  std::string failure;
};

/// A metric of the maps or of the pair of methods that have this key; nothing where it is not
/// there.
std::optional<double> value_of(const Cell& cell, const std::string& key, const std::string& metric);

/// Whether there are cells and none of them is good.
bool all_failed(const std::vector<Cell>& cells);

/// What a cell's provenance says under a key; nothing where it does not know it.
std::vector<std::string> provenance_values(const Cell& cell, const std::string& key);
std::string joined(const std::vector<std::string>& values);

/// What the first cell says under a key, "" where there is none: hashes and numbers of images are
/// the same in all.
std::string provenance(const std::vector<Cell>& cells, const std::string& key);

std::string cell_name(const std::string& arm, std::uint64_t seed);
nlohmann::json to_json(const Cell& cell);
Cell read_cell(const nlohmann::json& object, const std::string& where);

/// FOLDER/cells/ARM-sSEED.json.
std::filesystem::path cell_path(const std::filesystem::path& folder, const std::string& arm,
                                std::uint64_t seed);

}  // namespace ranklens::study
