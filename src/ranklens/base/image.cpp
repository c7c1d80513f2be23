#include "ranklens/base/image.h"

#include <ATen/ops/_upsample_bilinear2d_aa.h>
#include <ATen/ops/nan_to_num.h>

#include "ranklens/base/error.h"
#include "ranklens/base/files.h"
#include "ranklens/base/image_codecs.h"
#include "ranklens/base/tensor_bytes.h"

namespace ranklens::base {
namespace {

// Lays grey or RGB with alpha over white, rounded.
Image over_white(const Image& image) {
  const auto colours = static_cast<std::size_t>(image.channels - 1);
  Image flat{image.height, image.width, image.channels - 1, {}};
  flat.pixels.reserve(image.pixels.size() / (colours + 1) * colours);
  for (std::size_t i = 0; i < image.pixels.size(); i += colours + 1) {
    const unsigned alpha = image.pixels[i + colours];
    for (std::size_t k = 0; k < colours; ++k) {
      const unsigned mixed = image.pixels[i + k] * alpha + 255U * (255U - alpha);
      flat.pixels.push_back(static_cast<std::uint8_t>((mixed + 127) / 255));
    }
  }
  return flat;
}

}  // namespace

Image decode_image(std::string_view bytes, std::string_view what, std::uint64_t most_pixels) {
  constexpr std::string_view png = "\x89PNG\r\n\x1a\n";
  constexpr std::string_view jpeg = "\xff\xd8\xff";
  if (bytes.starts_with(jpeg)) return codec::decode_jpeg(bytes, what, most_pixels);
  require(bytes.starts_with(png), "{} is neither a PNG nor a JPEG image", what);
  auto image = codec::decode_png(bytes, what, most_pixels);
  return image.channels % 2 == 0 ? over_white(image) : image;
}

Image read_image(const std::filesystem::path& path, std::uint64_t most_pixels) {
  return decode_image(read_file(path), fmt::format("'{}'", path.string()), most_pixels);
}

Image to_image(const at::Tensor& values) {
  const auto maps = values.dim() == 2 ? values.unsqueeze(0) : values;
  require(maps.dim() == 3 && maps.size(0) >= 1 && maps.size(0) <= 4 && maps.is_floating_point(),
          "an image is made from floating-point values [1 to 4, H, W], not from {} dimensions",
          values.dim());
  const auto bytes = plain(at::nan_to_num(maps.detach().to(at::kFloat), 0.0, 1.0, 0.0)
                               .clamp(0, 1)
                               .mul(255)
                               .round()
                               .to(at::kByte)
                               .permute({1, 2, 0}));
  const auto data = bytes_of(bytes);
  return {static_cast<int>(maps.size(1)),
          static_cast<int>(maps.size(2)),
          static_cast<int>(maps.size(0)),
          {data.begin(), data.end()}};
}

at::Tensor resize(const at::Tensor& images, std::int64_t height, std::int64_t width) {
  require(images.dim() == 3 || images.dim() == 4, "only [C, H, W] or [N, C, H, W] can be resized");
  require(height > 0 && width > 0 && images.numel() > 0, "an image cannot be resized to {} x {}",
          width, height);
  const auto batch = images.dim() == 3 ? images.unsqueeze(0) : images;
  const auto resized = at::_upsample_bilinear2d_aa(batch, {height, width}, false);
  return images.dim() == 3 ? resized.squeeze(0) : resized;
}

}  // namespace ranklens::base
