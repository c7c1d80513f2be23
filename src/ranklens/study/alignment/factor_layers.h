#pragma once

#include <vector>

#include "ranklens/study/alignment/linear_network.h"

namespace ranklens::study::alignment {

enum class FactorForm {
  low_rank,  ///< W = U V^T
  train      ///< W [m1 m2, n1 n2] as two cores [m1, n1, r], [r, m2, n2]
};

/// The root of a square number, of which a train has two cores; an Error for another number.
std::int64_t side_of(std::int64_t n);

/// The layers of a deep linear network in factors, trained by descent on the factors.
class FactorLayers {
 public:
  /// The best of the rank near the layers given, balanced among the factors. Sides of trains must
  /// be squares.
  FactorLayers(const Layers& layers, FactorForm form, std::int64_t rank);
  Layers dense() const;
  /// One step of gradient descent on all factors.
  void descend(const Task& task, double rate);

 private:
  struct Pair {
    at::Tensor left, right;  ///< [a, r], [r, b] of the matrix that the form unfolds to
  };
  at::Tensor unfolded(const at::Tensor& matrix) const;
  at::Tensor folded(const at::Tensor& matrix) const;

  FactorForm form_;
  std::vector<Pair> pairs_;
  std::int64_t rows_ = 0, columns_ = 0;  ///< of a layer
};

}  // namespace ranklens::study::alignment
