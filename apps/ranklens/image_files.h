#pragma once

#include <filesystem>
#include <string>

#include <ATen/core/Tensor.h>

#include "ranklens/nn/network.h"

namespace ranklens::app {

/// Images [N,C,H,W] of an .npy file of [N,C,H,W] or [N,H,W]: bytes become [0,1], floats (float32,
/// or float64 as they are) stay. Error, with the file's name, for anything else, for a file without
/// images and for pixels that are not finite numbers.
at::Tensor read_images(const std::filesystem::path& path);

/// Targets int64 [N] of an .npy file of integers. Error for another shape and for one that is no
/// class.
at::Tensor read_targets(const std::filesystem::path& path, std::int64_t images,
                        std::int64_t classes);

/// The shape [C,H,W] of the images that a network takes. Error if it takes something else.
nn::Shape image_shape(const nn::Network& network);

/// Error unless images [N,C,H,W] are of the shape; `source` begins the sentence.
void require_shape(const at::Tensor& images, const nn::Shape& shape, const std::string& source);

/// A PNG or JPEG as a network takes it, [1,C,S,S] in [0,1]: the shorter side scaled to S pixels
/// (bilinear, antialiased), the longer one cropped about its middle, grey or colour as `shape` has
/// it.
at::Tensor read_photo(const std::filesystem::path& path, const nn::Shape& shape);

}  // namespace ranklens::app
