#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/base/progress.h"
#include "ranklens/tn/train/tensor_train.h"

namespace ranklens::study::born_machine {

/// The course of one training, each entry of a list a sweep or a pass over the images.
struct Course {
  tn::TensorTrain state;
  std::vector<double> nll = {};  ///< of all images that are learned from, in nats an image
  /// Of the processor, in all threads: another program beside it does not lengthen them.
  std::vector<double> seconds = {};
  std::int64_t passes = 0;   ///< those of Adam, which come first
  bool flat = false;         ///< Adam reached its plateau
  bool diverged = false;     ///< a likelihood was not finite; `state` is that of the pass before
  bool interrupted = false;  ///< by the user
};

/// When Adam stops: where it stands still, or after so many passes.
struct AdamBudget {
  double lr = 3e-4;
  std::int64_t batch = 100;
  std::int64_t passes = 100;  ///< at most
  std::int64_t patience = 5;
  double least = 0.5;  ///< see stands_still()
};

/// Who is told how far a training has come.
struct Watched {
  base::Progress progress = {};
  std::string stage = {};
};

/// Turns every core by `degrees` in `sweeps` sweeps, forth and back (optim::Tsgo).
void turn_cores(Course& course, const at::Tensor& features, double degrees, std::int64_t sweeps,
                const Watched& watched);

/// Adam on all cores at once, in batches whose order depends on the seed alone. Its seconds are
/// those of its steps; the likelihood of all images after each pass is not among them.
void train_by_adam(Course& course, const at::Tensor& features, const AdamBudget& budget,
                   std::uint64_t seed, const Watched& watched);

/// Whether the lowest value of the last `patience` is less than `least` below the lowest of all
/// before them.
bool stands_still(const std::vector<double>& values, std::int64_t patience, double least);

}  // namespace ranklens::study::born_machine
