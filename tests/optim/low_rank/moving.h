#pragma once

#include <cmath>
#include <vector>

#include <ATen/ops/linalg_matrix_exp.h>
#include <ATen/ops/zeros.h>

#include "ranklens/optim/low_rank/integrator.h"

#include "optim/low_rank/matrices.h"

// Matrices that move along a path, and integrators that follow them by its increments.
namespace ranklens::optim::testing {

inline at::Tensor skew(std::int64_t n, std::uint64_t seed) {
  const auto a = noise(n, n, seed) / std::sqrt(static_cast<double>(n));
  return a - a.t();
}

// A(t) = e^{t X} D e^{t Y}^T with D diagonal: constant singular values, moving bases.
struct Moving {
  at::Tensor x, y, core;
  at::Tensor at_time(double t) const {
    const auto left = at::linalg_matrix_exp(x * t), right = at::linalg_matrix_exp(y * t);
    return at::matmul(at::matmul(left, core), right.t());
  }
};

inline Moving moving(std::int64_t n, const std::vector<double>& values) {
  auto core = at::zeros({n, n}, at::kDouble);
  for (std::size_t k = 0; k < values.size(); ++k) {
    core[static_cast<std::int64_t>(k)][static_cast<std::int64_t>(k)] = values[k];
  }
  return {skew(n, 100), skew(n, 101), core};
}

// The increment over a step, as a gradient: W moves by +increment at size 1.
inline LowRank along(const Integrator& integrator, const LowRank& start,
                     const at::Tensor& increment) {
  return run(integrator, start, 1, seen([&](const at::Tensor&) { return -increment; }));
}

}  // namespace ranklens::optim::testing
