#include "ranklens/data/augment.h"

#include <algorithm>
#include <array>
#include <vector>

#include <ATen/ops/empty.h>

#include "ranklens/base/dtype.h"
#include "ranklens/base/error.h"
#include "ranklens/base/random.h"

namespace ranklens::data {
namespace {

using base::require;

constexpr std::array<float, 3> luma_weights = {0.299f, 0.587f, 0.114f};

struct Shape {
  std::int64_t channels, height, width;
  std::int64_t pixels() const { return height * width; }
};

inline float value_of(std::uint8_t v) { return static_cast<float>(v) / 255; }
inline float value_of(float v) { return v; }

// One channel moved and mirrored to `to`; the rest is 0. A mirrored image is mirrored first.
template <class T>
void place(const T* from, float* to, const Shape& shape, const Change& change) {
  const std::int64_t height = shape.height, width = shape.width;
  const std::int64_t left = std::max<std::int64_t>(0, change.right);
  const std::int64_t right = std::min(width, width + change.right);
  for (std::int64_t y = 0; y < height; ++y, to += width) {
    const std::int64_t source = y - change.down;
    if (source < 0 || source >= height) {
      std::fill(to, to + width, 0.0f);
      continue;
    }
    const T* row = from + source * width;
    std::fill(to, to + left, 0.0f);
    if (change.mirror) {
      const T* last = row + width - 1 + change.right;
      for (std::int64_t x = left; x < right; ++x) to[x] = value_of(*(last - x));
    } else {
      const T* first = row - change.right;
      for (std::int64_t x = left; x < right; ++x) to[x] = value_of(first[x]);
    }
    std::fill(to + right, to + width, 0.0f);
  }
}

float luma(const float* image, const Shape& shape, std::int64_t pixel) {
  if (shape.channels != 3) return image[pixel];
  float sum = 0;
  for (std::int64_t c = 0; c < 3; ++c) {
    sum += luma_weights[static_cast<std::size_t>(c)] * image[c * shape.pixels() + pixel];
  }
  return sum;
}

float clamped(float value) { return std::clamp(value, 0.0f, 1.0f); }

void recolour(float* image, const Shape& shape, const Change& change) {
  const std::int64_t pixels = shape.pixels(), values = shape.channels * pixels;
  if (change.brightness != 1) {
    for (std::int64_t i = 0; i < values; ++i) image[i] = clamped(change.brightness * image[i]);
  }
  if (change.contrast != 1) {
    double sum = 0;
    for (std::int64_t p = 0; p < pixels; ++p) sum += luma(image, shape, p);
    const auto mean = static_cast<float>(sum / static_cast<double>(pixels));
    for (std::int64_t i = 0; i < values; ++i) {
      image[i] = clamped(mean + change.contrast * (image[i] - mean));
    }
  }
  if (change.saturation != 1 && shape.channels == 3) {
    for (std::int64_t p = 0; p < pixels; ++p) {
      const float grey = luma(image, shape, p);
      for (std::int64_t c = 0; c < 3; ++c) {
        float& v = image[c * pixels + p];
        v = clamped(grey + change.saturation * (v - grey));
      }
    }
  }
}

void interleave(const float* from, float* to, const Shape& shape) {
  for (std::int64_t c = 0; c < shape.channels; ++c) {
    for (std::int64_t p = 0; p < shape.pixels(); ++p) to[p * shape.channels + c] = *from++;
  }
}

template <class T>
void fill(const at::Tensor& images, const at::Tensor& indices, const Augment& augment,
          std::uint64_t seed, std::int64_t epoch, at::Tensor& out, bool channels_last) {
  const Shape shape{images.size(1), images.size(2), images.size(3)};
  const std::int64_t values = shape.channels * shape.pixels();
  const auto* chosen = indices.const_data_ptr<std::int64_t>();
  float* to = out.mutable_data_ptr<float>();
  std::vector<float> planes(static_cast<std::size_t>(channels_last ? values : 0));
  for (std::int64_t i = 0; i < indices.size(0); ++i, to += values) {
    require(chosen[i] >= 0 && chosen[i] < images.size(0), "image {} does not exist; there are {}",
            chosen[i], images.size(0));
    const Change change = augment.any() ? draw_change(augment, seed, epoch, chosen[i]) : Change{};
    float* image = channels_last ? planes.data() : to;
    const T* from = images.const_data_ptr<T>() + chosen[i] * values;
    for (std::int64_t c = 0; c < shape.channels; ++c) {
      place(from + c * shape.pixels(), image + c * shape.pixels(), shape, change);
    }
    recolour(image, shape, change);
    if (channels_last) interleave(image, to, shape);
  }
}

float factor(base::Stream& random, double spread) {
  const double low = std::max(0.0, 1 - spread);
  return spread > 0 ? static_cast<float>(low + (1 + spread - low) * random.uniform()) : 1.0f;
}

}  // namespace

Change draw_change(const Augment& augment, std::uint64_t seed, std::int64_t epoch,
                   std::int64_t index) {
  base::Stream random = base::Stream(seed, "augment", "images", static_cast<std::uint64_t>(epoch))
                            .child("item", static_cast<std::uint64_t>(index));
  Change change;
  if (augment.crop > 0) {
    const auto places = 2 * static_cast<std::uint64_t>(augment.crop) + 1;
    change.down = static_cast<int>(random.below(places)) - augment.crop;
    change.right = static_cast<int>(random.below(places)) - augment.crop;
  }
  if (augment.flip) change.mirror = random.uniform() < 0.5;
  change.brightness = factor(random, augment.brightness);
  change.contrast = factor(random, augment.contrast);
  change.saturation = factor(random, augment.saturation);
  return change;
}

at::Tensor augmented(const at::Tensor& images, const at::Tensor& indices, const Augment& augment,
                     std::uint64_t seed, std::int64_t epoch, bool channels_last) {
  require(images.dim() == 4 && images.is_contiguous(),
          "images [N, C, H, W], contiguous, are needed");
  require(augment.crop >= 0 && augment.crop < std::min(images.size(2), images.size(3)),
          "a crop's padding of {} pixels does not suit images of {} x {}", augment.crop,
          images.size(3), images.size(2));
  const bool interleaved = channels_last && images.size(1) > 1;
  at::Tensor out =
      at::empty({indices.size(0), images.size(1), images.size(2), images.size(3)}, at::kFloat,
                std::nullopt, std::nullopt, std::nullopt,
                channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
  if (images.scalar_type() == at::kByte) {
    fill<std::uint8_t>(images, indices, augment, seed, epoch, out, interleaved);
  } else {
    require(images.scalar_type() == at::kFloat, "images are uint8 or float32, not {}",
            base::dtype_name(images.scalar_type()));
    fill<float>(images, indices, augment, seed, epoch, out, interleaved);
  }
  return out;
}

}  // namespace ranklens::data
