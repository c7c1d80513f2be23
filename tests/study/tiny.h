#pragma once

#include <filesystem>

#include "ranklens/study/run.h"

// A study of tiny networks, of a second or so.
namespace ranklens::study {

inline Config tiny() {
  Config config;
  config.data = "scenes:train=48,test=16,size=32";
  config.arms = {"dense", "low-rank"};
  config.seeds = {1, 2};
  config.width = 8;
  config.epochs = config.full_epochs = 1;
  config.batch = 16;
  config.methods = {"gradcam", "smoothgrad(samples=2)"};
  config.images = "test:2";
  return config;
}

inline RunOptions quiet(const std::filesystem::path& folder) {
  return {.folder = folder, .speed_seconds = 0};
}

}  // namespace ranklens::study
