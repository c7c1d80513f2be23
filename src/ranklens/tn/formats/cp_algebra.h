#pragma once

#include <complex>

#include "ranklens/tn/formats/cp.h"
#include "ranklens/tn/train/tensor_train.h"

// Sums, products and parts of sums of rank-one tensors, exact: terms add up (sums) or multiply
// (products), columns of factors are set side by side. `round` (cp_approximation.h) brings them
// down. Shapes, dtypes and devices must agree: one sentence says which do not.
namespace ranklens::tn {

CP operator+(const CP& a, const CP& b);
CP operator-(const CP& a, const CP& b);
/// A complex factor needs complex factors of the tensor.
CP operator*(std::complex<double> factor, const CP& cp);
CP conj(const CP& cp);
/// Entry by entry.
CP hadamard(const CP& a, const CP& b);
/// The outer product: the modes of `a`, then those of `b`.
CP kron(const CP& a, const CP& b);

/// sum of conj(a) b over all entries, in double precision, from the factors' Gram matrices.
at::Tensor dot(const CP& a, const CP& b);
/// The sum of all entries, in double precision.
at::Tensor sum(const CP& cp);
/// Sums over some modes, at least one stays.
CP sum(const CP& cp, const Shape& modes);

/// Entries first, first + step, ... below last of a mode.
CP slice(const CP& cp, std::int64_t mode, std::int64_t first, std::int64_t last,
         std::int64_t step = 1);
/// Entries `index` of a mode: the mode goes. Of the only mode one of size 1 stays.
CP select(const CP& cp, std::int64_t mode, std::int64_t index);
/// Mode k of the result is mode order[k] of the tensor.
CP permute(const CP& cp, const Shape& order);

/// Entries at index lists: `indices` int64 [count, d], result [count].
at::Tensor elements(const CP& cp, const at::Tensor& indices);
/// One entry, a tensor without dimensions.
at::Tensor element(const CP& cp, const Shape& index);

/// All factors in another dtype or on another device; weights go along as real numbers.
CP to(const CP& cp, const at::TensorOptions& options);

}  // namespace ranklens::tn
