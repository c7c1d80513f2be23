#pragma once

#include "optim/tensor_train/trains.h"

namespace ranklens::optim::testing {

/// A 12 x 12 matrix as three cores of modes (3, 2), (2, 3), (2, 2) and inner ranks r.
inline nn::Weight small_train(std::int64_t r, std::uint64_t seed) {
  std::vector<at::Tensor> cores{values({1, 3, 2, r}, seed), values({r, 2, 3, r}, seed + 1),
                                values({r, 2, 2, 1}, seed + 2)};
  return nn::Weight(std::make_shared<nn::TTMatrix>(nn::Shape{12, 12}, std::move(cores)));
}

/// The mean of |W x - y|^2 / 2 over rows x [n, 12] and y [n, 12].
inline OfState mean_squares(const at::Tensor& x, const at::Tensor& y) {
  return OfState([x, y](const nn::State& state) {
    return (state.at("w").weight->linear(x, {}) - y).square().sum(1).mean() / 2;
  });
}

/// The mean of cos(W x), which is neither convex nor bounded by a parabola.
inline OfState mean_cosine(const at::Tensor& x) { return OneWeight(x); }

}  // namespace ranklens::optim::testing
