#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "ranklens/base/error.h"

/// What a file may ask for: sizes whose sums and products of two or three stay within 64 bits.
namespace ranklens::nn {

/// Kernels, strides, dilations and paddings, in pixels.
inline constexpr std::int64_t kLargestWindow = std::int64_t{1} << 15;
/// Channels and features.
inline constexpr std::int64_t kMostFeatures = std::int64_t{1} << 31;

/// An Error unless all are at most `most`; `what` they are: "the kernel and stride of a pool".
inline void require_at_most(std::int64_t most, std::initializer_list<std::int64_t> sizes,
                            std::string_view what) {
  for (const auto size : sizes)
    base::require(size <= most, "{}: at most {} here, not {}", what, most, size);
}

}  // namespace ranklens::nn
