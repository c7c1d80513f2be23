#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "ranklens/tn/formats/normal_equations.h"

namespace ranklens::tn {

/// What a least-squares step of one factor of a sum of rank-one tensors gives.
struct TermUpdate {
  at::Tensor rows;         ///< [R, n], of norm one; a term that vanished keeps its direction
  at::Tensor gram;         ///< [R, R], conj(rows) rows^T
  at::Tensor lengths;      ///< [R], real: the terms' weights
  double inner = 0;        ///< Re <value, tensor>
  double own_squared = 0;  ///< squared norm of the value
  double ridge = 0;        ///< as of NormalSolution
  std::int64_t rank = 0;   ///< as of NormalSolution
};

/// Solves gram x = right (as solve_normal does) and takes the lengths of the solution's rows apart.
/// `gram` [R, R], `right` [R, n] and `before` [R, n], the former rows, are float64 or complex128.
/// Systems of real numbers on the processor that are well-conditioned and within the bound are
/// solved by loops of our own: at the usual ten terms a library's calls cost more than the work.
TermUpdate update_terms(const at::Tensor& gram, const at::Tensor& right, const at::Tensor& before,
                        const NormalOptions& options = {});

/// The same by libtorch's operators alone: for what the loops do not take, and to test them.
TermUpdate update_terms_by_operators(const at::Tensor& gram, const at::Tensor& right,
                                     const at::Tensor& before, const NormalOptions& options = {});

}  // namespace ranklens::tn
