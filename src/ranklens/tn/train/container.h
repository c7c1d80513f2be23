#pragma once

#include <filesystem>
#include <optional>

#include "ranklens/tn/train/tensor_train.h"

namespace ranklens::tn {

/// What a file of a train holds: a tensor train, or a TT matrix.
struct StoredTrain {
  TensorTrain train;                   ///< of a matrix: with fused modes
  std::optional<Shape> rows, columns;  ///< of a matrix
  bool is_matrix() const { return rows.has_value(); }
  TTMatrix matrix() const { return split(train, *rows, *columns); }
};

/// A safetensors file with the tensors core.0, core.1, ... ([r, n, r'] or [r, m, n, r']) and the
/// metadata format, kind, dtype, modes (rows, columns), ranks, centre, log_scale and convention
/// (docs/tensor-trains.md). complex128, which safetensors lacks, is stored as float64 with a last
/// dimension of 2 (real, imaginary).
void write_train(const std::filesystem::path& path, const TensorTrain& train);
void write_train(const std::filesystem::path& path, const TTMatrix& matrix);

/// Reads either; everything is checked. Error for a file of another kind, missing or surplus
/// tensors, metadata that contradict the cores, NaN or infinite entries.
StoredTrain read_train(const std::filesystem::path& path);

}  // namespace ranklens::tn
