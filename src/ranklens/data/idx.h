#pragma once

#include <cstdint>
#include <filesystem>

#include <ATen/core/Tensor.h>

#include "ranklens/data/dataset.h"

namespace ranklens::data {

/// An array in the idx format of unsigned bytes (LeCun's MNIST page): bytes 0, 0, 8, number of
/// dimensions, sizes as big-endian 32-bit words, values row-major; gzip-compressed or not.
/// uint8, contiguous. Error if it is damaged, of another type, or not as long as its header says;
/// the header is read first, and no more is unpacked than it promises.
at::Tensor read_idx(const std::filesystem::path& path);

/// MNIST and its likes: {train,t10k}-images-idx3-ubyte and -labels-idx1-ubyte in `folder`, with or
/// without .gz. Images [N, 1, H, W]; classes are the digits 0 to 9: Error for
/// a label beyond.
Dataset read_mnist(const std::filesystem::path& folder, Split split);

}  // namespace ranklens::data
