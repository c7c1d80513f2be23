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
  std::int64_t sweeps = 10;  ///< forth and back over all sites, by turning
  /// Passes of Adam over all samples: until it stands still, this many at most.
  std::int64_t passes = 100;
  std::int64_t batch = 100;
  /// Adam stands still where its best likelihood of so many passes is less than so many nats below
  /// the best before them.
  std::int64_t patience = 5;
  double least = 0.5;
  std::int64_t shown = 16;  ///< images that are drawn and completed
  std::vector<std::uint64_t> seeds = {1, 2, 3};
};

/// Whether fewer or smaller things are learned than were published, of which the run then says
/// nothing.
bool is_reduced(const Options& options);

/// A way of training.
struct Method {
  std::string id, label;
  double degrees = 0;  ///< that a core is turned by in a step; 0: not by turning
  double lr = 0;       ///< of Adam; beside degrees: Adam first, until it stands still
};
const std::vector<Method>& methods();

/// Its cells, "METHOD-sSEED":
///   {"nll": [after each pass of Adam, then after each sweep], "seconds": [of the processor, each],
///   "passes": of Adam, "flat": whether it stood still, "diverged": whether a likelihood was not
///   finite, "held out": nll, "samples": [hex], "given": [hex], "completed": [hex], "side"}
Experiment experiment(const Options& options);

/// Bits, row by row, as hexadecimal digits of four each, and back (int64 [bits]).
std::string to_hex(const at::Tensor& bits);
at::Tensor from_hex(const std::string& text, std::int64_t bits);

}  // namespace ranklens::study::born_machine
