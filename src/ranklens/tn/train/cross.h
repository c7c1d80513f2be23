#pragma once

#include <functional>
#include <string>

#include "ranklens/base/random.h"
#include "ranklens/tn/train/tensor_train.h"

namespace ranklens::tn {

/// Entries at many places at once: indices int64 [count, d] on the CPU -> values [count], in one of
/// the four dtypes, always the same.
using Entries = std::function<at::Tensor(const at::Tensor& indices)>;

struct CrossOptions {
  double eps = 1e-6;  ///< relative Frobenius error, as estimated on entries not sampled
  std::int64_t max_rank = 256;
  int max_sweeps = 12;         ///< there and back counts as two
  std::int64_t checks = 1000;  ///< entries, drawn uniformly, on which the error is estimated
  std::uint64_t seed = 0;
};

/// A train found from some entries of a tensor.
struct Cross {
  TensorTrain train;
  bool converged = false;  ///< the checked error is within eps, and no rank was too low
  std::string failure;     ///< if not: a sentence why
  double error = 0;        ///< estimated relative Frobenius error, on `checks` entries not sampled
  double largest = 0;      ///< largest absolute error among them
  std::int64_t evaluations = 0;  ///< entries asked for
  int sweeps = 0;
};

/// Tensor cross interpolation with two-site updates: each bond's rows and columns are chosen by
/// fully pivoted elimination (Oseledets, Tyrtyshnikov 2010; Nunez Fernandez et al. 2022, sec. III),
/// ranks as the pivots ask for. After every sweep the train is compared with entries that were not
/// sampled; the worst of them become pivots of the next one. Whether it succeeded is in the result:
/// no finite sample can prove a train right, and a function passes whose features (a spike) all
/// samples miss. Where all of them are zero, and there are more entries, it has not converged; nor
/// where `max_rank` left out an entry above eps of the largest.
/// Errors: no modes, modes below 1, eps not above 0, values of another shape or dtype, NaN or
/// infinite values.
Cross cross(const Entries& entries, const Shape& shape, const CrossOptions& options = {});

}  // namespace ranklens::tn
