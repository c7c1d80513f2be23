#pragma once

#include <functional>
#include <numeric>
#include <vector>

#include "ranklens/optim/low_rank/tucker_kernel.h"
#include "ranklens/tn/formats/mode_product.h"

#include "optim/low_rank/matrices.h"

// Kernels in Tucker-2 form with what tests want of them. All of float64.
namespace ranklens::optim::testing {

inline at::Tensor block(const std::vector<std::int64_t>& sizes, std::uint64_t seed) {
  base::Stream stream(seed, "noise", "kernels");
  return stream.normal(sizes, 0, 1, at::kDouble);
}

/// With a window of 3x2, a full core of normal entries.
inline TuckerKernel kernel(std::int64_t out, std::int64_t in, std::int64_t p, std::int64_t q,
                           std::uint64_t seed) {
  return {basis(out, p, 3 * seed), block({p, q, 3, 2}, seed), basis(in, q, 3 * seed + 2)};
}

/// Gradients of a function whose gradient at W is `field`(W).
inline std::function<TuckerGradient(const TuckerKernel&)> seen_kernel(
    std::function<at::Tensor(const at::Tensor&)> field) {
  return [field = std::move(field)](const TuckerKernel& at) {
    return seen_from(at, field(at.dense()));
  };
}

/// A projection onto the columns of a basis in a mode.
inline at::Tensor onto(const at::Tensor& basis, const at::Tensor& tensor, std::int64_t mode) {
  return tn::mode_product(tn::mode_product(tensor, mode, basis.t()), mode, basis);
}

/// The same kernel with outputs and inputs exchanged.
inline TuckerKernel exchanged(const TuckerKernel& kernel) {
  return {kernel.v, kernel.core.transpose(0, 1).contiguous(), kernel.u};
}

inline double dot(const at::Tensor& one, const at::Tensor& other) {
  return (one * other).sum().item<double>();
}

}  // namespace ranklens::optim::testing
