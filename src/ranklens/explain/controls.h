#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "ranklens/base/random.h"

/// Maps that no network made: what a method must beat before its maps mean anything.
namespace ranklens::explain {

/// Uniform noise in [0,1), [images,height,width] float32. Image i draws from the stream's child
/// (i + first), so a batch may be cut anywhere.
at::Tensor random_maps(const base::Stream& stream, std::int64_t images, std::int64_t height,
                       std::int64_t width, std::int64_t first = 0);

/// Edge strength of images [N,C,H,W]: sqrt(gx^2 + gy^2) of the mean over channels under Sobel's 3x3
/// kernels, edges repeated at the border; [N,H,W] in the images' type. A map from it is all about
/// the picture and nothing about the network (Adebayo et al. 2018).
at::Tensor sobel_maps(const at::Tensor& images);

struct CentrePrior {
  /// Standard deviation as a part of the height and of the width.
  double sigma = 0.25;
};

/// A Gaussian about the centre, 1 there: photographs have their object in the middle.
/// [images,height,width] float32.
at::Tensor centre_prior_maps(std::int64_t images, std::int64_t height, std::int64_t width,
                             const CentrePrior& options = {});

}  // namespace ranklens::explain
