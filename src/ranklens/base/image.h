#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

namespace ranklens::base {

/// Pixels of 8 bits, row by row from the top, channels innermost (HWC): 1 grey, 2 grey and alpha, 3
/// RGB, 4 RGB and alpha.
struct Image {
  int height = 0;
  int width = 0;
  int channels = 0;
  std::vector<std::uint8_t> pixels;
};

/// Larger images are refused before memory is taken: 120 megapixels.
inline constexpr std::uint64_t kMostPixels = 120'000'000;

/// Decodes PNG or JPEG, told apart by their first bytes, to 1 or 3 channels: 16-bit samples are
/// scaled to 8 bits, palettes expanded, transparency laid over white, CMYK turned to RGB; colour
/// profiles, gamma and EXIF orientation are not applied. `what` names the image in messages. Error
/// for another format, a cut-off or damaged file, and more than `most_pixels`.
Image decode_image(std::string_view bytes, std::string_view what,
                   std::uint64_t most_pixels = kMostPixels);

/// decode_image of a file.
Image read_image(const std::filesystem::path& path, std::uint64_t most_pixels = kMostPixels);

/// A PNG file of an image of 1 to 4 channels. Same image, same bytes.
std::string encode_png(const Image& image);

/// Writes encode_png to a file.
void write_png(const std::filesystem::path& path, const Image& image);

/// The image of floating-point values [C, H, W] or [H, W], clamped to [0, 1] and rounded to bytes;
/// NaN becomes 0.
Image to_image(const at::Tensor& values);

/// Bilinear resize of [C, H, W] or [N, C, H, W] floating-point values, antialiased when it shrinks
/// (as Pillow and torchvision do).
at::Tensor resize(const at::Tensor& images, std::int64_t height, std::int64_t width);

}  // namespace ranklens::base
