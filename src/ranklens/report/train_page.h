#pragma once

#include <string>

#include "ranklens/report/page.h"
#include "ranklens/train/fit.h"

namespace ranklens::report {

/// What is told of a training besides what came out of it.
struct TrainedRun {
  std::string network;  ///< "cnn-dense"
  std::string data;     ///< "cifar10, 50000 images"
  std::string held_out =
      {};  ///< which images the curves on held-out images are of; "": there are none
  std::string command = {};
  std::uint64_t seed = 0;
  std::vector<Setting> configuration = {};
};

/// One training, finished or not: its curves, and ranks, truncations and orthogonality where the
/// optimiser observed them.
ReportData train_page(const TrainedRun& run, const train::FitResult& result);

}  // namespace ranklens::report
