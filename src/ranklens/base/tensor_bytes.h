#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

namespace ranklens::base {

/// Bytes of a dense array of that shape, or nothing if a size is negative or the count overflows.
/// A size of 0 counts as 1 in the overflow check, so that strides stay representable as well.
std::optional<std::int64_t> array_bytes(const std::vector<std::int64_t>& shape,
                                        std::int64_t item_size);

/// An uninitialised contiguous tensor in main memory.
at::Tensor uninitialised(const std::vector<std::int64_t>& shape, at::ScalarType type);

/// The same values, contiguous in main memory, without gradient, lazy conjugation or negation.
/// Error for sparse, quantised and meta tensors.
at::Tensor plain(const at::Tensor& tensor);

/// The bytes of a plain() tensor; valid as long as the tensor.
std::string_view bytes_of(const at::Tensor& plain_tensor);

/// Makes every byte of a bool tensor that came from a file 0 or 1; others are left alone.
void clean_bools(at::Tensor& tensor);

}  // namespace ranklens::base
