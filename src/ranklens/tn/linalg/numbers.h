#pragma once

#include <ATen/core/Tensor.h>

namespace ranklens::tn {

/// The Frobenius norm, summed in double whatever the dtype.
double frobenius(const at::Tensor& tensor);

/// The distance from 1 to the next number of this dtype (of its real part).
double machine_epsilon(at::ScalarType dtype);

/// float64 of float32, complex128 of complex64; others as they are.
at::ScalarType widened(at::ScalarType dtype);

/// Whether a dtype is one that tensor networks are computed in: float32, float64, complex64,
/// complex128.
bool computes_in(at::ScalarType dtype);

/// Error unless `tensor` is dense, of such a dtype, not empty, and finite; `what` names it.
void check_values(const at::Tensor& tensor, const char* what);

}  // namespace ranklens::tn
