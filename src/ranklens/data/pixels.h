#pragma once

#include <ATen/core/Tensor.h>

#include "ranklens/base/image.h"

namespace ranklens::data {

/// What networks take: bytes become float32 in [0, 1], floating-point images stay as they are.
at::Tensor in_unit_range(const at::Tensor& images);

/// One channel by the weights of TensorFlow's rgb_to_grayscale, 0.2989 R + 0.5870 G + 0.1140 B
/// (ITU-R BT.601), with its rounding for uint8: floor(255.5 x), x in [0, 1]. Takes and returns
/// [N, C, H, W], uint8 or float32; one channel is left alone. Error for other than 1 or 3 channels.
at::Tensor to_grey(const at::Tensor& images);

/// Images [N, C, H, W] (uint8 or float32) of side × side pixels: the shorter side is scaled
/// (bilinear, antialiased), the longer one cropped about its middle.
at::Tensor to_square(const at::Tensor& images, std::int64_t side);

/// The same for masks, uint8 [N, H, W]: the value of the nearest pixel.
at::Tensor to_square_masks(const at::Tensor& masks, std::int64_t side);

/// uint8 [1, C, H, W] of a decoded image.
at::Tensor planar(const base::Image& image);

}  // namespace ranklens::data
