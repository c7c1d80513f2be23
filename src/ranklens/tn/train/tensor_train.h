#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace ranklens::tn {

using Shape = std::vector<std::int64_t>;

/// A tensor train, or matrix product state (Oseledets 2011; Schollwoeck 2011):
/// x[i_1..i_d] = exp(log_scale) G_1[i_1] ... G_d[i_d], row-major, first mode slowest. A value:
/// copies share the cores, and no function of this library writes to a core it was given.
struct TensorTrain {
  std::vector<at::Tensor> cores;  ///< [r, n, r'], first r = last r' = 1
  std::int64_t centre = -1;       ///< cores left and right of it are orthogonal; -1: none known
  double log_scale = 0;           ///< so that a thousand sites neither over- nor underflow
};

/// A matrix in the same form, or matrix product operator: W[(m_1..m_d), (n_1..n_d)] with cores
/// [r, m, n, r'], m = out (row), n = in (column).
struct TTMatrix {
  std::vector<at::Tensor> cores;
  std::int64_t centre = -1;  ///< of the train with fused modes
  double log_scale = 0;
};

/// Error unless there are cores, of fitting ranks, of one dtype (float32, float64, complex64,
/// complex128) on one device, without empty modes, with a finite scale and a centre that exists.
/// Entries are not read. Every function that takes a train checks it.
void check(const TensorTrain& train);
void check(const TTMatrix& matrix);

Shape shape(const TensorTrain& train);
Shape row_modes(const TTMatrix& matrix);
Shape column_modes(const TTMatrix& matrix);
/// Inner ranks: d - 1 of them.
Shape ranks(const TensorTrain& train);
Shape ranks(const TTMatrix& matrix);
/// Stored numbers.
std::int64_t parameters(const TensorTrain& train);
std::int64_t parameters(const TTMatrix& matrix);

/// The same numbers with modes m * n, and back: views, nothing is copied where cores are
/// contiguous.
TensorTrain fused(const TTMatrix& matrix);
TTMatrix split(const TensorTrain& train, const Shape& rows, const Shape& columns);

/// All cores in another dtype or on another device. Where that rounds, no centre is known after.
TensorTrain to(const TensorTrain& train, const at::TensorOptions& options);
TTMatrix to(const TTMatrix& matrix, const at::TensorOptions& options);

/// The tensor itself, of shape `shape(train)`. Error where it would have more than 2^40 entries.
at::Tensor full(const TensorTrain& train);
/// [M, N].
at::Tensor full(const TTMatrix& matrix);

/// Entries at index lists: `indices` int64 [count, d], result [count].
at::Tensor elements(const TensorTrain& train, const at::Tensor& indices);
/// One entry, a tensor without dimensions.
at::Tensor element(const TensorTrain& train, const Shape& index);

/// "4x3x2", for messages.
std::string text(const Shape& shape);

}  // namespace ranklens::tn
