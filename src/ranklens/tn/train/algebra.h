#pragma once

#include <complex>

#include "ranklens/tn/train/tensor_train.h"

// Sums, products and contractions of trains. Ranks add up (sums) or multiply (products) exactly;
// `round` brings them down. Shapes, dtypes and devices must agree: one sentence says which do not.
namespace ranklens::tn {

/// A number that need not fit its dtype: exp(log_scale) * unit.
struct ScaledNumber {
  at::Tensor unit;  ///< no dimensions
  double log_scale = 0;
};

TensorTrain operator+(const TensorTrain& a, const TensorTrain& b);
TensorTrain operator-(const TensorTrain& a, const TensorTrain& b);
/// A complex factor needs a complex train.
TensorTrain operator*(std::complex<double> factor, const TensorTrain& train);
TensorTrain conj(const TensorTrain& train);
/// Entry by entry.
TensorTrain hadamard(const TensorTrain& a, const TensorTrain& b);
/// The outer product: the modes of `a`, then those of `b`.
TensorTrain kron(const TensorTrain& a, const TensorTrain& b);

/// sum of conj(a) b over all entries; the first argument is conjugated.
ScaledNumber dot_scaled(const TensorTrain& a, const TensorTrain& b);
/// The same as a number; infinite where it leaves the range.
at::Tensor dot(const TensorTrain& a, const TensorTrain& b);
/// Frobenius. By orthogonalisation, so that the norm of a difference has all its digits.
double norm(const TensorTrain& train);
double log_norm(const TensorTrain& train);  ///< -infinity of a zero tensor
at::Tensor sum(const TensorTrain& train);
/// Sums over some modes, at least one stays.
TensorTrain sum(const TensorTrain& train, const Shape& modes);

TTMatrix operator+(const TTMatrix& a, const TTMatrix& b);
TTMatrix operator-(const TTMatrix& a, const TTMatrix& b);
TTMatrix operator*(std::complex<double> factor, const TTMatrix& matrix);
at::Tensor dot(const TTMatrix& a, const TTMatrix& b);  ///< trace(a^H b)
double norm(const TTMatrix& matrix);
/// The Kronecker product, as of matrices.
TTMatrix kron(const TTMatrix& a, const TTMatrix& b);
TTMatrix transpose(const TTMatrix& matrix);
TTMatrix adjoint(const TTMatrix& matrix);
/// Matrix times vector: column modes of `a` meet the modes of `x`.
TensorTrain matmul(const TTMatrix& a, const TensorTrain& x);
/// Matrix times matrix.
TTMatrix matmul(const TTMatrix& a, const TTMatrix& b);

/// Error unless all trains have the same dtype and device; `what` names the operation.
void check_alike(const at::Tensor& a, const at::Tensor& b, const char* what);

}  // namespace ranklens::tn
