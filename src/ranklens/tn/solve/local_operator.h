#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace ranklens::tn {

/// A core of a TT matrix [a, m, n, a'], folded for the two directions of a sweep.
struct OperatorCore {
  explicit OperatorCore(const at::Tensor& core);
  at::Tensor whole;       ///< [a, m, n, a']
  at::Tensor from_left;   ///< [(m a'), (a n)]
  at::Tensor from_right;  ///< [(a m), (n a')]
};

/// What a TT matrix does to a few neighbouring cores of a train whose other cores are fixed: the
/// matrix P^H A P with P the orthonormal basis that the other cores are. Products are matrix
/// products of views: nothing of the size of the argument is permuted.
struct LocalOperator {
  at::Tensor left;                         ///< [l', a, l], of everything before
  std::vector<const OperatorCore*> sites;  ///< any number of cores
  at::Tensor right;                        ///< [a, r, r'], of everything after

  /// x [l, n_1 .. n_k, r] -> [l', m_1 .. m_k, r'], both of any shape of that size.
  at::Tensor apply(const at::Tensor& x) const;
  /// The matrix itself, [l' m_1 .. m_k r', l n_1 .. n_k r].
  at::Tensor matrix() const;
  std::int64_t columns() const;
};

/// The left environment one core further: from [l', a, l] and the core x [l, n, r] (once
/// conjugated) to [r', a', r].
at::Tensor grown_left(const at::Tensor& left, const OperatorCore& a, const at::Tensor& x);
/// The right environment one core further: from [a', r, r'] to [a, l, l'].
at::Tensor grown_right(const at::Tensor& right, const OperatorCore& a, const at::Tensor& x);

/// The same of <x | b>: [l', s] and [s, l'].
at::Tensor grown_left(const at::Tensor& left, const at::Tensor& b, const at::Tensor& x);
at::Tensor grown_right(const at::Tensor& right, const at::Tensor& b, const at::Tensor& x);

}  // namespace ranklens::tn
