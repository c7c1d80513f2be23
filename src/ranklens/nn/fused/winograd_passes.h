#pragma once

#include <ATen/core/Tensor.h>

namespace ranklens::nn::fused {

/// The weight of a 3x3 convolution for products of tiles, float32: [36, rows columns + padding],
/// from [3, 3, rows, columns] in any type and layout. Rows are summed over.
struct TileWeight {
  explicit TileWeight(const at::Tensor& weight);
  std::int64_t rows, columns, stride;
  at::Tensor values;
};

/// Correlation of x [batch, rows, height, width], channels-last, with the weight; plus bias
/// (float32 [columns], may be undefined). Channels-last, in the type of x.
at::Tensor correlate(const at::Tensor& x, const TileWeight& weight, const at::Tensor& bias);

/// float32.
struct WeightGradient {
  at::Tensor weight;  ///< [3, 3, in, out]
  at::Tensor bias;    ///< [out]
};

/// Gradients towards weight and bias, given input and gradient of the output, both channels-last
/// and of one type.
WeightGradient weight_gradient(const at::Tensor& x, const at::Tensor& gradient);

}  // namespace ranklens::nn::fused
