#pragma once

#include <functional>

#include <ATen/TensorOperators.h>
#include <ATen/ops/diag.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/matmul.h>

#include "ranklens/base/random.h"
#include "ranklens/optim/low_rank/low_rank.h"
#include "ranklens/tn/linalg/numbers.h"

// Matrices with what tests want of them. All of float64.
namespace ranklens::optim::testing {

inline at::Tensor noise(std::int64_t rows, std::int64_t columns, std::uint64_t seed) {
  base::Stream stream(seed, "noise", "matrices");
  return stream.normal({rows, columns}, 0, 1, at::kDouble);
}

inline at::Tensor basis(std::int64_t rows, std::int64_t columns, std::uint64_t seed) {
  return std::get<0>(at::linalg_qr(noise(rows, columns, seed)));
}

/// With a full core of normal entries.
inline LowRank low_rank(std::int64_t rows, std::int64_t columns, std::int64_t rank,
                        std::uint64_t seed) {
  return {basis(rows, rank, 3 * seed), noise(rank, rank, 3 * seed + 1),
          basis(columns, rank, 3 * seed + 2)};
}

inline double norm(const at::Tensor& tensor) { return tn::frobenius(tensor); }

inline double distance(const at::Tensor& one, const at::Tensor& other) { return norm(one - other); }

/// Gradients of a function whose gradient at W is `field`(W).
inline std::function<Gradient(const LowRank&)> seen(
    std::function<at::Tensor(const at::Tensor&)> field) {
  return [field = std::move(field)](const LowRank& at) { return seen_from(at, field(at.dense())); };
}

}  // namespace ranklens::optim::testing
