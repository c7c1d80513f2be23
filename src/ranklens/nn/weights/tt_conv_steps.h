#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

/// What a convolution whose kernel is a tensor train is made of: its window over every channel by
/// itself, then its other cores over the channels of every pixel.
namespace ranklens::nn {

/// A window [height, width, r] as r filters [r, 1, height, width] of one channel.
at::Tensor window_filters(const at::Tensor& window);

/// An image [batch, channels, h, w] as [batch * channels, 1, h, w].
at::Tensor channels_apart(const at::Tensor& image);

/// What the filters made of each channel, [batch * channels, r, h, w], as rows of a pixel each,
/// [batch * h * w, r * channels] with r slowest.
at::Tensor pixel_rows(const at::Tensor& filtered, std::int64_t channels);

/// Rows of a pixel each as an image whose pixels are those of `filtered` above.
at::Tensor image_of_rows(const at::Tensor& rows, std::int64_t batch, const at::Tensor& filtered);

/// The cores behind a window of rank r as a TT matrix [out, r in]: r becomes the slowest part of
/// the first input mode.
std::vector<at::Tensor> channel_train(std::vector<at::Tensor> cores);

}  // namespace ranklens::nn
