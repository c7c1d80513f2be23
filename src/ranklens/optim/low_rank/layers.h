#pragma once

#include <string>
#include <vector>

#include "ranklens/nn/state.h"
#include "ranklens/optim/low_rank/low_rank.h"

namespace ranklens::optim {

/// A weight U S V^T of a state.
struct LowRankLayer {
  std::string name;
  nn::Shape shape;  ///< of the tensor it stands for
  LowRank matrix;
};

/// The trainable weights of the format "low_rank", in order. Those stored as two factors, or whose
/// factors have no orthonormal columns, come out as the same matrix with orthonormal bases.
std::vector<LowRankLayer> low_rank_layers(const nn::State& state);

/// The weight with its core.
nn::Weight weight_of(const nn::Shape& shape, const LowRank& matrix);

/// A state whose low-rank weights have their core absorbed: two factors U S and V, r (m + n)
/// numbers.
nn::State absorbed(const nn::State& state);

}  // namespace ranklens::optim
