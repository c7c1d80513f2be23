#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/study/pendulum/motion.h"

namespace ranklens::study::pendulum {

/// A grey film of a pendulum [frames, side * side], values in [0, 1]: a rod and a bob of soft
/// edges, hung in the middle of the picture.
at::Tensor film(const Motion& motion, double step, std::int64_t frames, std::int64_t side);

/// The last `window` frames of a film as a matrix [pixels, window], followed as frames come in:
/// each replaces the oldest in place, so an increment is one column. A step costs O((pixels +
/// window) rank^2).
struct Following {
  std::vector<double> errors;       ///< ||A - Y||_F / ||A||_F after each frame
  std::vector<double> best_errors;  ///< of the best matrix of that rank
  double seconds_followed = 0;      ///< by the clock, of all steps
  double seconds_decomposed = 0;    ///< of a singular value decomposition of each window
  std::int64_t steps = 0;
};
Following follow(const at::Tensor& film, std::int64_t window, std::int64_t rank);

}  // namespace ranklens::study::pendulum
