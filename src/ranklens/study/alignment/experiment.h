#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ranklens/data/dataset.h"
#include "ranklens/study/experiment.h"

namespace ranklens::study::alignment {

/// When do the singular vectors of neighbouring layers of a deep linear network line up, and stay
/// so (Ji, Telgarsky 2019; Radhakrishnan et al. 2020), and do layers in factors differ?
struct Options {
  std::vector<std::uint64_t> seeds = {1, 2, 3, 4, 5};
  std::int64_t width = 9;     ///< of the square regressions
  std::int64_t depth = 3;     ///< layers
  std::int64_t columns = 40;  ///< examples of the regressions
  std::int64_t steps = 4000;
  double rate = 0.02;
  std::int64_t every = 40;  ///< steps between two looks
  /// Two classes of grey images, 0 and 1 of their labels, so many of each.
  data::Dataset images = {};
  std::int64_t each = 128;
  std::int64_t hidden = 32;
  std::int64_t image_steps = 3000;
  double image_rate = 0.1;
  std::int64_t side = 28;  ///< pixels of the image that a convolutional autoencoder learns
  std::int64_t low_rank = 3, train_rank = 3;
};

/// Whether anything is smaller or shorter than by default, of which the run then says nothing.
bool is_reduced(const Options& options);

/// Its cells, one a seed of each of
///   "autoencoder", "regression"           aligned start, dense square layers
///   "regression-low_rank", "-train"       the same task in factors, from the same start cut down
///   "kronecker", "kronecker-train"        the regression from singular vectors that are Kronecker
///                                         products, dense and as trains, which begin there, too,
///                                         where "train rank" is the root of the width
///   "images-squared", "images-logistic"   separable images, one output, a small random start
///   "toeplitz", "convolution"             layers of a structure
/// each {"steps", "alignment", "invariance", "loss", ...}, lists over time; of the first six also
/// "leading alignment" and "leading invariance", over as many of the leading singular vectors as
/// the layers of low rank have.
Experiment experiment(const Options& options);

const std::vector<std::string>& tasks();

}  // namespace ranklens::study::alignment
