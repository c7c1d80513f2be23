#pragma once

#include <functional>

#include <ATen/core/Tensor.h>

namespace ranklens::tn {

/// matrix = u diag(s) vh, with as many singular values, descending, as the matrix has rows or
/// columns, whichever are fewer.
struct ReducedSvd {
  at::Tensor u, s, vh;
};

using SvdRoutine = std::function<ReducedSvd(const at::Tensor&)>;

/// libtorch's own.
ReducedSvd library_svd(const at::Tensor& matrix);

/// A decomposition that does not end where LAPACK's divide and conquer fails: on rare matrices with
/// nothing wrong in them its inner iterations do not converge, which other rounding mends. So the
/// transposed matrix is tried next, then a multiple, then double precision; u, s and vh come in the
/// matrix's own type. Values that come as NaN have not converged either. MKL says of each such
/// failure "Parameter 4 was incorrect on entry to SLASCL" on the standard error, which stays there.
/// An Error where values are not finite, or where no way converges.
ReducedSvd reduced_svd(const at::Tensor& matrix, const SvdRoutine& routine = library_svd);

}  // namespace ranklens::tn
