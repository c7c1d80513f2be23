#pragma once

#include <complex>

#include "ranklens/tn/formats/tucker.h"
#include "ranklens/tn/train/tensor_train.h"

// Sums, products and parts of Tucker tensors, exact. Ranks of all modes add up in sums (the core
// is block-diagonal) and multiply in products (the core is a Kronecker product): cores grow fast,
// and `round` (tucker_approximation.h) brings them down. With many terms or modes go over to a
// train (to_train.h). Factors of results are not orthonormal where that is not said. Shapes, dtypes
// and devices must agree: one sentence says which do not.
namespace ranklens::tn {

Tucker operator+(const Tucker& a, const Tucker& b);
Tucker operator-(const Tucker& a, const Tucker& b);
/// A complex factor needs a complex tensor. Factors stay.
Tucker operator*(std::complex<double> factor, const Tucker& tucker);
Tucker conj(const Tucker& tucker);
/// Entry by entry.
Tucker hadamard(const Tucker& a, const Tucker& b);
/// The outer product: the modes of `a`, then those of `b`. Factors stay.
Tucker kron(const Tucker& a, const Tucker& b);

/// sum of conj(a) b over all entries, in double precision: the core of `b` turned into the bases of
/// `a`, and the two cores' inner product.
at::Tensor dot(const Tucker& a, const Tucker& b);
/// The sum of all entries, in double precision.
at::Tensor sum(const Tucker& tucker);
/// Sums over some modes, at least one stays.
Tucker sum(const Tucker& tucker, const Shape& modes);

/// Entries first, first + step, ... below last of a mode.
Tucker slice(const Tucker& tucker, std::int64_t mode, std::int64_t first, std::int64_t last,
             std::int64_t step = 1);
/// Entries `index` of a mode: the mode goes. Of the only mode one of size 1 stays.
Tucker select(const Tucker& tucker, std::int64_t mode, std::int64_t index);
/// Mode k of the result is mode order[k] of the tensor. Factors stay.
Tucker permute(const Tucker& tucker, const Shape& order);

/// Entries at index lists: `indices` int64 [count, d], result [count].
at::Tensor elements(const Tucker& tucker, const at::Tensor& indices);
/// One entry, a tensor without dimensions.
at::Tensor element(const Tucker& tucker, const Shape& index);

/// Core and factors in another dtype or on another device.
Tucker to(const Tucker& tucker, const at::TensorOptions& options);

}  // namespace ranklens::tn
