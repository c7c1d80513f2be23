#pragma once

#include <ATen/core/Tensor.h>

namespace ranklens::nn::fused {

/// What the passes below share: the input [batch, channels, height, width] channels-last, and how
/// it goes on. `which` and `keep` lie channels-last like the pooled output, `keep` may be
/// undefined.
struct NormPass {
  const at::Tensor& z;
  bool relu = true;
  bool pool = false;
  at::Tensor keep = {};
  float factor = 1;
};

/// float32 [channels] each.
struct Moments {
  at::Tensor mean, inverse_std;
};

/// Of relu(z), over batch, height and width; the variance without Bessel's correction.
Moments moments(const NormPass& pass, double eps);

/// weight (relu(z) - mean) inverse_std + bias, pooled and dropped if so wanted; then `which`,
/// uint8, is set to where each maximum lay.
at::Tensor normalise(const NormPass& pass, const Moments& moments, const at::Tensor& weight,
                     const at::Tensor& bias, at::Tensor& which);

struct NormGradients {
  at::Tensor input;  ///< undefined where it was not wanted
  at::Tensor weight, bias;
};

/// Given the gradient of what normalise() returned, laid out like it.
NormGradients gradients(const NormPass& pass, const Moments& moments, const at::Tensor& weight,
                        const at::Tensor& which, const at::Tensor& gradient, bool input_wanted);

/// The largest of relu(z) (or z) in windows of 2x2, dropped if so wanted, and `which` as above:
/// a pass with `pool`, without the norm.
at::Tensor pooled(const NormPass& pass, at::Tensor& which);

/// The gradient of z, given that of what pooled() returned, laid out like it.
at::Tensor pooled_gradient(const NormPass& pass, const at::Tensor& which,
                           const at::Tensor& gradient);

}  // namespace ranklens::nn::fused
