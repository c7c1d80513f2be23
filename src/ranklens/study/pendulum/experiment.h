#pragma once

#include <cstdint>
#include <vector>

#include "ranklens/study/experiment.h"
#include "ranklens/study/pendulum/motion.h"

namespace ranklens::study::pendulum {

/// Dynamical principal components of a swinging cloud of points and of a film of a pendulum.
struct Options {
  Motion motion = {};
  std::int64_t points = 100;
  double spread = 0.2;  ///< standard deviation of the rods' angles, in radians
  double step = 0.01;   ///< seconds between frames
  std::int64_t frames = 200;
  std::vector<std::uint64_t> seeds = {1, 2, 3};
  /// Steps of the study of convergence, as parts of `step`.
  std::vector<std::int64_t> refinements = {1, 2, 4, 8, 16};
  /// Spreads of the study of noise.
  std::vector<double> spreads = {0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3};
  std::int64_t film_side = 64;     ///< pixels
  std::int64_t film_frames = 300;  ///< of the film
  std::int64_t film_window = 100;  ///< frames that are looked at together
  std::vector<std::int64_t> film_ranks = {2, 4, 8};
};

/// Its cells: "errors-sSEED", "convergence-sSEED", "noise-sSEED", "tolerance-sSEED", "frames" and
/// "film-rRANK".
Experiment experiment(const Options& options);

}  // namespace ranklens::study::pendulum
