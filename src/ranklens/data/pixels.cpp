#include "ranklens/data/pixels.h"

#include <algorithm>
#include <cmath>

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>

#include "ranklens/base/error.h"

namespace ranklens::data {
namespace {

constexpr float weights[3] = {0.2989f, 0.5870f, 0.1140f};
constexpr std::int64_t chunk = 512;  // images scaled at once: bounds the float copies

template <class T, class Finish>
void weigh(const at::Tensor& images, at::Tensor& out, const Finish& finish) {
  const std::int64_t pixels = images.size(2) * images.size(3);
  const T* from = images.const_data_ptr<T>();
  T* to = out.mutable_data_ptr<T>();
  for (std::int64_t n = 0; n < images.size(0); ++n, from += 3 * pixels, to += pixels) {
    for (std::int64_t i = 0; i < pixels; ++i) {
      to[i] = finish(weights[0] * static_cast<float>(from[i]) +
                     weights[1] * static_cast<float>(from[pixels + i]) +
                     weights[2] * static_cast<float>(from[2 * pixels + i]));
    }
  }
}

// What a square of `side` needs of height × width: sizes after scaling.
struct Scaled {
  std::int64_t height, width;
};

Scaled scaled(std::int64_t height, std::int64_t width, std::int64_t side) {
  const auto shorter = static_cast<double>(std::min(height, width));
  const auto along = [&](std::int64_t length) {
    return std::max(
        side, static_cast<std::int64_t>(std::lround(static_cast<double>(length * side) / shorter)));
  };
  return {along(height), along(width)};
}

at::Tensor square_of_floats(const at::Tensor& images, std::int64_t side) {
  const Scaled to = scaled(images.size(2), images.size(3), side);
  return base::resize(images, to.height, to.width)
      .narrow(2, (to.height - side) / 2, side)
      .narrow(3, (to.width - side) / 2, side);
}

}  // namespace

at::Tensor in_unit_range(const at::Tensor& images) {
  return images.is_floating_point() ? images : images.to(at::kFloat) / 255;
}

at::Tensor to_grey(const at::Tensor& images) {
  if (images.size(1) == 1) return images;
  base::require(images.size(1) == 3, "images of {} channels cannot be turned grey; 3 are needed",
                images.size(1));
  at::Tensor out = at::empty({images.size(0), 1, images.size(2), images.size(3)}, images.options());
  if (images.scalar_type() == at::kByte) {
    weigh<std::uint8_t>(images.contiguous(), out, [](float value) {
      return static_cast<std::uint8_t>(std::min(value * (255.5f / 255.0f), 255.0f));
    });
  } else {
    weigh<float>(images.contiguous(), out, [](float value) { return std::min(value, 1.0f); });
  }
  return out;
}

at::Tensor to_square(const at::Tensor& images, std::int64_t side) {
  base::require(side >= 1 && side <= 4096, "a side of 1 to 4096 pixels is needed, not {}", side);
  if (images.size(2) == side && images.size(3) == side) return images;
  const bool bytes = images.scalar_type() == at::kByte;
  std::vector<at::Tensor> parts;
  for (std::int64_t n = 0; n < images.size(0); n += chunk) {
    const auto some = images.narrow(0, n, std::min(chunk, images.size(0) - n));
    if (bytes) {
      parts.push_back(
          square_of_floats(some.to(at::kFloat), side).round().clamp(0, 255).to(at::kByte));
    } else {
      parts.push_back(square_of_floats(some, side).clamp(0, 1));
    }
  }
  return at::cat(parts).contiguous();
}

at::Tensor to_square_masks(const at::Tensor& masks, std::int64_t side) {
  const std::int64_t height = masks.size(1), width = masks.size(2);
  if (height == side && width == side) return masks;
  const Scaled to = scaled(height, width, side);
  const auto source = [side](std::int64_t at, std::int64_t length, std::int64_t stretched) {
    const std::int64_t cut = (stretched - side) / 2;  // whole pixels before the square
    const double place = static_cast<double>(at + cut) + 0.5;
    return std::min(length - 1, static_cast<std::int64_t>(place * static_cast<double>(length) /
                                                          static_cast<double>(stretched)));
  };
  at::Tensor out = at::empty({masks.size(0), side, side}, masks.options());
  const auto* from = masks.const_data_ptr<std::uint8_t>();
  auto* put = out.mutable_data_ptr<std::uint8_t>();
  for (std::int64_t n = 0; n < masks.size(0); ++n) {
    for (std::int64_t y = 0; y < side; ++y) {
      const auto* row = from + (n * height + source(y, height, to.height)) * width;
      for (std::int64_t x = 0; x < side; ++x) *put++ = row[source(x, width, to.width)];
    }
  }
  return out;
}

at::Tensor planar(const base::Image& image) {
  at::Tensor out = at::empty({1, image.channels, image.height, image.width}, at::kByte);
  auto* to = out.mutable_data_ptr<std::uint8_t>();
  const std::size_t count = static_cast<std::size_t>(image.height) * image.width;
  for (int c = 0; c < image.channels; ++c) {
    for (std::size_t i = 0; i < count; ++i) *to++ = image.pixels[i * image.channels + c];
  }
  return out;
}

}  // namespace ranklens::data
