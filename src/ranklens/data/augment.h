#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace ranklens::data {

/// Random changes of training images. The defaults change nothing.
struct Augment {
  int crop = 0;       ///< pad by so many zero pixels on all sides, cut the old size out anywhere
  bool flip = false;  ///< mirror left to right, every second image
  double brightness = 0;  ///< b: times a factor from [1 - b, 1 + b]
  double contrast = 0;    ///< the same for the distance from the image's mean luma
  double saturation = 0;  ///< the same for the distance from each pixel's luma; RGB only

  bool any() const { return crop > 0 || flip || brightness > 0 || contrast > 0 || saturation > 0; }
};

/// What happens to one image. Depends on (seed, epoch, index) alone, so neither on threads nor on
/// where a run was resumed.
struct Change {
  int down = 0, right = 0;  ///< the image moves by so many pixels; zeros come in
  bool mirror = false;
  float brightness = 1, contrast = 1, saturation = 1;
};

Change draw_change(const Augment& augment, std::uint64_t seed, std::int64_t epoch,
                   std::int64_t index);

/// Images `indices` (int64 [B]) of `images` (uint8 or float32 [N, C, H, W]), changed as
/// draw_change() says, as float32 [B, C, H, W] in [0, 1], laid out channels-last when asked.
/// Colours are clamped to [0, 1] after each change. Runs on the calling thread alone.
at::Tensor augmented(const at::Tensor& images, const at::Tensor& indices, const Augment& augment,
                     std::uint64_t seed, std::int64_t epoch, bool channels_last = false);

}  // namespace ranklens::data
