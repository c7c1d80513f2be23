#pragma once

#include <string>
#include <string_view>

#include <ATen/core/Tensor.h>

namespace ranklens::report {

/// A map as a single-channel 8-bit PNG whose grey levels are its values: level v is
/// low + v / 255 · (high − low).
struct GreyMap {
  std::string png{};
  double low = 0;
  double high = 1;
};

/// Quantises a map [H, W] (any floating type) from its lowest to its highest value; a signed one
/// symmetrically, so that zero stays exact in the middle (levels 0 to 254, 127 is zero). A constant
/// map is all level 0. Error for NaN or infinities or another number of dimensions.
GreyMap grey_map(const at::Tensor& map);

/// The map [H, W] as it is drawn where a few pixels are far above all others and would leave the
/// rest dark: if its largest magnitude is more than twice the 99th percentile q of its magnitudes,
/// held to
/// [-q, q]; else the map itself.
at::Tensor without_outliers(const at::Tensor& map);
/// What a page says where it draws maps so.
inline constexpr const char* kOutliersNote =
    "Where the largest value of a map is more than twice its 99th percentile, the map is drawn "
    "up to that percentile.";

/// An image [C, H, W], C = 1 or 3, values in [0, 1] (clamped), as an 8-bit PNG.
std::string photo_png(const at::Tensor& image);

/// A mask [H, W] of any type, non-zero inside, as a PNG of 0 and 255.
std::string mask_png(const at::Tensor& mask);

}  // namespace ranklens::report
