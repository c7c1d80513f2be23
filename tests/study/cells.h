#pragma once

#include "ranklens/study/cell.h"
#include "ranklens/study/config.h"
#include "ranklens/study/folder.h"

// Made-up cells: what a study of two arms would leave.
namespace ranklens::study {

inline Config two_arms(std::size_t seeds = 5) {
  Config config;
  config.data = "scenes:train=100,test=20";
  config.arms = {"dense", "tt"};
  config.seeds.clear();
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) config.seeds.push_back(seed);
  config.methods = {"gradcam", "smoothgrad(samples=4)"};
  config.batch = 128;
  config.epochs = config.full_epochs = 2;
  return config;
}

/// `level` moves every number, by much more than the seeds do.
inline Cell made_up_cell(const Config& config, const std::string& arm, std::uint64_t seed,
                         double level) {
  const double x = level + 0.001 * static_cast<double>(seed % 3);
  Cell cell;
  cell.arm = arm;
  cell.seed = seed;
  cell.identity = identity_digest(config, arm);
  cell.parameters = arm == "dense" ? 1000 : 100;
  cell.head = arm == "dense" ? "dense" : "tt(r=2)";
  cell.accuracy = 0.5 + x;
  cell.loss = 1 - x;
  for (std::int64_t epoch = 1; epoch <= config.epochs; ++epoch) {
    const double loss = 2 - x - 0.1 * static_cast<double>(epoch);
    cell.history.push_back({.epoch = epoch,
                            .steps = 10 * epoch,
                            .loss = loss,
                            .accuracy = 0.4,
                            .validation_loss = loss + 0.1,
                            .validation_accuracy = 0.3,
                            .seconds = 1.5});
  }
  for (const std::string method : {"gradcam", "smoothgrad"}) {
    cell.scores[method] = {{"mass_accuracy", 0.3 + x}, {"gini", 0.4 + x}, {"deletion", 0.2}};
    cell.scores[method + " untrained"] = {{"mass_accuracy", 0.2}, {"gini", 0.3}};
  }
  cell.scores["random"] = {{"mass_accuracy", 0.1}, {"gini", 0.2}};
  cell.agreement["gradcam~smoothgrad"] = {{"spearman", 0.1 + x}, {"ssim", 0.1}};
  cell.seconds = {{"train", 3}, {"explain", 1}, {"measure", 2}};
  cell.provenance = {{"threads", "1"}};
  return cell;
}

/// The reference at level 0, "tt" at `level`.
inline std::vector<Cell> made_up_cells(const Config& config, double level) {
  std::vector<Cell> cells;
  for (const auto seed : config.seeds) {
    // Another order of the seeds' own parts, so that the differences are not all alike.
    cells.push_back(made_up_cell(config, "dense", seed, 0));
    cells.push_back(made_up_cell(config, "tt", seed + 1, level));
    cells.back().seed = seed;
  }
  return cells;
}

}  // namespace ranklens::study
