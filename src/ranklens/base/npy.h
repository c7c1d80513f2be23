#pragma once

#include <filesystem>

#include <ATen/core/Tensor.h>

namespace ranklens::base {

/// Reads a NumPy array file (format 1.0 to 3.0; NumPy Enhancement Proposal 1): bool, all integers,
/// float16 to float64, complex64 and complex128, C or Fortran order, either byte order. The result
/// is contiguous (C order). Error, before anything is allocated, if the file is shorter or longer
/// than its header says, or if it holds Python objects, records or text.
at::Tensor read_npy(const std::filesystem::path& path);

/// Writes format 1.0, little-endian, C order. NumPy has no bfloat16: such values are stored as
/// float32, exactly. Error for 8-bit floats.
void write_npy(const std::filesystem::path& path, const at::Tensor& tensor);

}  // namespace ranklens::base
