#pragma once

#include <cstdint>
#include <vector>

#include "ranklens/tn/linalg/factorise.h"
#include "ranklens/tn/train/tensor_train.h"

// One core of a train, or the product of two neighbours, as the variable of a loss. Cores outside
// are orthogonal up to one factor that all share, so that nothing over- or underflows in a train of
// hundreds of cores; the gradient with respect to the variable is then that of an orthogonal frame,
// up to this factor.
namespace ranklens::optim {

/// Cores first .. first + width - 1, width 1 or 2.
struct SweepWindow {
  std::int64_t first = 0, width = 2;
};

/// Moves the centre of a train into the window, from wherever it is or is not.
void move_centre_to(tn::TensorTrain& train, const SweepWindow& window);

/// The factor of every core: exp(log_scale / d).
double shared_factor(const tn::TensorTrain& train);

/// The variable [r, n, r'], or [r, n, n', r'], times the shared factor. The centre is in the
/// window.
at::Tensor window_variable(const tn::TensorTrain& train, const SweepWindow& window);

/// Cores of the same tensor with its scale among them, in which core `place` holds the entries of
/// the variable, in its order: for two cores the other one is an identity, [r, n, r n] before it or
/// [n' r', n', r'] after it, whichever is smaller.
struct OpenCores {
  std::vector<at::Tensor> cores;
  std::size_t place = 0;
};
OpenCores open_cores(const tn::TensorTrain& train, const SweepWindow& window,
                     const at::Tensor& variable);

/// What putting a variable back took.
struct WindowSplit {
  tn::TensorTrain train;
  double cut = 0;        ///< share of the norm that was cut off
  bool bounded = false;  ///< whether the largest rank, not the tolerance, decided
};

/// The train with this variable in its window. Two cores are its singular value decomposition: the
/// first is orthogonal and the second the centre where the sweep goes on to the right, the other
/// way round else. `cutoff` is the largest share of the squared norm that may go, `bond` the
/// largest rank.
WindowSplit put_back(const tn::TensorTrain& train, const SweepWindow& window,
                     const at::Tensor& variable, bool rightward, double cutoff, std::int64_t bond);

}  // namespace ranklens::optim
