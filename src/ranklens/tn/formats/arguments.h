#pragma once

#include <complex>
#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/tn/train/algebra.h"

// What the algebra of CP and Tucker tensors asks of its arguments, in the words of trains.
namespace ranklens::tn {

void check_same(const Shape& a, const Shape& b, const char* what);
/// Error unless the factor is finite and, where it is complex, the tensor is.
void check_factor(std::complex<double> factor, const at::Tensor& tensor);
at::Tensor scaled(const at::Tensor& tensor, std::complex<double> factor);

/// Which of d modes are named; error for one that is none, named twice, or if all are.
std::vector<bool> marked(const Shape& modes, std::size_t d);
void check_part(const Shape& sizes, std::int64_t mode, std::int64_t first, std::int64_t last,
                std::int64_t step);
void check_order(const Shape& order, std::size_t d);
void check_indices(const at::Tensor& indices, const Shape& sizes);
/// [1, d], on the device of `tensor`.
at::Tensor index_row(const Shape& index, const at::Tensor& tensor);

/// In another dtype or on another device; error where that is no dtype of tensor networks, or would
/// lose imaginary parts.
at::Tensor moved(const at::Tensor& tensor, const at::TensorOptions& options, const char* what);

}  // namespace ranklens::tn
