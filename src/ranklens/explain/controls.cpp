#include "ranklens/explain/controls.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/replication_pad2d.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>

#include "ranklens/base/error.h"

namespace ranklens::explain {
namespace {

void check_size(std::int64_t images, std::int64_t height, std::int64_t width) {
  base::require(images >= 0 && height > 0 && width > 0, "there are no maps of {}x{} pixels", height,
                width);
}

// Distances of `size` pixels to their middle in units of sigma * size, squared.
at::Tensor squared_offsets(std::int64_t size, double sigma) {
  const at::Tensor position = at::arange(size, at::kDouble) - static_cast<double>(size - 1) / 2;
  return (position / (sigma * static_cast<double>(size))).square();
}

}  // namespace

at::Tensor random_maps(const base::Stream& stream, std::int64_t images, std::int64_t height,
                       std::int64_t width, std::int64_t first) {
  check_size(images, height, width);
  at::Tensor maps = at::empty({images, height, width}, at::kFloat);
  for (std::int64_t i = 0; i < images; ++i) {
    base::Stream own = stream.child("image", static_cast<std::uint64_t>(first + i));
    maps[i].copy_(own.uniform({height, width}, 0, 1));
  }
  return maps;
}

at::Tensor sobel_maps(const at::Tensor& images) {
  base::require(images.defined() && images.dim() == 4 && images.is_floating_point(),
                "images must be floating-point numbers [images, channels, height, width]");
  check_size(images.size(0), images.size(2), images.size(3));
  const at::Tensor grey = images.mean(1, /*keepdim=*/true);
  const at::Tensor across = at::tensor({-1., 0., 1., -2., 0., 2., -1., 0., 1.}, images.options());
  const at::Tensor kernels = at::stack({across.view({3, 3}), across.view({3, 3}).t()}).unsqueeze(1);
  const at::Tensor slopes = at::conv2d(at::replication_pad2d(grey, {1, 1, 1, 1}), kernels);
  return slopes.square().sum(1).sqrt();
}

at::Tensor centre_prior_maps(std::int64_t images, std::int64_t height, std::int64_t width,
                             const CentrePrior& options) {
  check_size(images, height, width);
  base::require(options.sigma > 0, "the centre prior's sigma must be positive, got {}",
                options.sigma);
  const at::Tensor squared = squared_offsets(height, options.sigma).unsqueeze(1) +
                             squared_offsets(width, options.sigma).unsqueeze(0);
  return (squared * -0.5).exp().to(at::kFloat).expand({images, height, width}).contiguous();
}

}  // namespace ranklens::explain
