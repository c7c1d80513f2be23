#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace ranklens::optim {

/// Some samples' share of what a pair of cores meets, f[n, l] = sum of left[n, a] pair[a, l, b]
/// right[n, b]. Where the label lies beyond the pair, that side is labelled, left [samples,
/// classes, p] or right [samples, classes, q], and the pair has one label: then a sample takes
/// 2 (p q + classes p) operations and not 2 classes p q.
struct PairBlock {
  at::Tensor left, right;          ///< [samples, p], [samples, q]
  bool whole_first, whole_second;  ///< whether the samples see more of a site than its first number
};

/// f [samples, classes] of a pair [p, classes or 1, q], into `found`.
void values_into(const PairBlock& block, const at::Tensor& pair, at::Tensor found);

/// The transpose: [p, classes or 1, q] from [samples, classes].
at::Tensor adjoint(const PairBlock& block, const at::Tensor& values);

/// Floating-point operations of one of these.
double operations(const PairBlock& block, std::int64_t classes);

}  // namespace ranklens::optim
