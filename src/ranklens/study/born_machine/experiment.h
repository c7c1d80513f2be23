#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/data/dataset.h"
#include "ranklens/study/experiment.h"

namespace ranklens::study::born_machine {

/// A matrix product state learns the distribution of images (Han, Wang, Fan, Wang, Zhang 2018), by
/// turning cores on their spheres (Sun, Ran, Su 2020) and by Adam.
struct Options {
  data::Dataset images = {};  ///< grey
  std::int64_t samples = 6000;
  std::int64_t bond = 30;
  std::int64_t sweeps = 10;  ///< forth and back over all sites, or passes over all samples
  std::int64_t batch = 500;  ///< of Adam
  std::int64_t shown = 16;   ///< images that are drawn and completed
  std::vector<std::uint64_t> seeds = {1, 2, 3};
};

/// A way of training.
struct Method {
  std::string id, label;
  double degrees = 0;  ///< that a core is turned by in a step; 0: not by turning
  double lr = 0;       ///< of Adam; beside degrees: Adam for the first half
};
const std::vector<Method>& methods();

/// Its cells, "METHOD-sSEED":
///   {"nll": [after each sweep], "seconds": [...], "held out": nll, "samples": [hex], "given":
///   [hex], "completed": [hex], "side"}
Experiment experiment(const Options& options);

/// Bits, row by row, as hexadecimal digits of four each, and back (int64 [bits]).
std::string to_hex(const at::Tensor& bits);
at::Tensor from_hex(const std::string& text, std::int64_t bits);

}  // namespace ranklens::study::born_machine
