#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ranklens/data/dataset.h"

namespace ranklens::data {

/// What `ranklens data inspect` tells about a data set.
struct Summary {
  std::vector<std::int64_t> counts;     ///< images of each class
  std::vector<double> mean, deviation;  ///< of each channel, pixels in [0, 1]
  double mask_share = 0;  ///< mean share of the image that the mask covers; 0 without masks
  std::int64_t with_shortcut = 0;  ///< images with a planted shortcut
};

Summary summarise(const Dataset& data);

}  // namespace ranklens::data
