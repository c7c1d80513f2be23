#pragma once

#include <cstdint>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include "ranklens/base/random.h"
#include "ranklens/nn/builder.h"

namespace ranklens::explain {

inline at::Tensor noise(std::vector<std::int64_t> shape, std::uint64_t seed,
                        at::ScalarType dtype = at::kDouble) {
  return base::Stream(seed, "noise", "test").normal(shape, 0, 1, dtype);
}

inline nn::Network in_double(nn::Network network) {
  network.state = network.state.to(at::kDouble);
  return network;
}

inline at::Tensor labels(const std::vector<std::int64_t>& values) {
  return at::tensor(values, at::kLong);
}

/// logits = W image + b, in float64: every gradient is a row of W.
inline nn::Network linear_net(std::int64_t channels, std::int64_t size, std::int64_t classes) {
  nn::GraphBuilder g;
  auto x = g.input("image", {channels, size, size});
  g.linear("head", g.flatten("flat", x), {.out = classes});
  return in_double(g.build(3));
}

/// conv, GELU, skip connection over a second convolution, mean over pixels, linear: smooth, so that
/// finite differences are exact to their order. float64.
inline nn::Network smooth_net(std::int64_t channels = 2, std::int64_t size = 5) {
  nn::GraphBuilder g;
  auto x = g.input("image", {channels, size, size});
  x = g.gelu("act1", g.conv2d("conv1", x, {.out = 3, .kernel = 3, .padding = 1}));
  auto y = g.gelu("act2", g.conv2d("conv2", x, {.out = 3, .kernel = 3, .padding = 1}));
  y = g.add("sum", y, x);
  y = g.flatten("flat", g.adaptive_avg_pool2d("pool", g.gelu("act3", y)));
  g.linear("head", y, {.out = 4});
  return in_double(g.build(5));
}

/// The logit of `target` for one image [C,H,W].
inline double logit(const nn::Network& network, const at::Tensor& image, std::int64_t target) {
  return network(image.unsqueeze(0))[0][target].item<double>();
}

/// d f / d x by central differences, of x's shape.
template <class Function>
at::Tensor finite_differences(const Function& f, const at::Tensor& x, double step = 1e-5) {
  at::Tensor point = x.clone();
  at::Tensor slopes = at::zeros_like(x);
  auto* values = point.mutable_data_ptr<double>();
  auto* out = slopes.mutable_data_ptr<double>();
  for (std::int64_t i = 0; i < x.numel(); ++i) {
    const double here = values[i];
    values[i] = here + step;
    const double above = f(point);
    values[i] = here - step;
    out[i] = (above - f(point)) / (2 * step);
    values[i] = here;
  }
  return slopes;
}

}  // namespace ranklens::explain
