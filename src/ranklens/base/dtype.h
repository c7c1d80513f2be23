#pragma once

#include <string>

#include <c10/core/ScalarType.h>

namespace ranklens::base {

/// "float32", "int64", "uint8": the type's name in NumPy and PyTorch, for messages and files.
std::string dtype_name(at::ScalarType dtype);

}  // namespace ranklens::base
