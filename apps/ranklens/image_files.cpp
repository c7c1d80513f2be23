#include "image_files.h"

#include <ATen/ops/isfinite.h>
#include <fmt/ranges.h>

#include "ranklens/base/dtype.h"
#include "ranklens/base/error.h"
#include "ranklens/base/image.h"
#include "ranklens/base/npy.h"
#include "ranklens/data/pixels.h"

namespace ranklens::app {
namespace {

void require_unit_range(const at::Tensor& images, const std::string& file) {
  const at::Tensor finite = at::isfinite(images).flatten(1).all(1);
  const auto first_bad = [](const at::Tensor& good) {
    return good.to(at::kByte).argmin().item<std::int64_t>();
  };
  base::require(finite.all().item<bool>(),
                "image {} of '{}' holds a pixel that is not a finite number", first_bad(finite),
                file);
  const at::Tensor within = images.ge(0).logical_and(images.le(1));
  if (within.all().item<bool>()) return;
  const auto index = first_bad(within.flatten(1).all(1));
  const auto bad = images[index].masked_select(within[index].logical_not())[0].item<double>();
  base::fail("image {} of '{}' holds a pixel of {}; floats must lie in [0, 1]", index, file, bad);
}

}  // namespace

at::Tensor read_images(const std::filesystem::path& path) {
  const auto file = path.string();
  at::Tensor images = base::read_npy(path);
  base::require((images.dim() == 4 || images.dim() == 3) && images.numel() > 0,
                "'{}' holds an {}array of shape [{}]; images [N, C, H, W] or [N, H, W] are needed",
                file, images.numel() == 0 ? "empty " : "", fmt::join(images.sizes(), ", "));
  if (images.dim() == 3) images = images.unsqueeze(1);
  if (images.scalar_type() == at::kByte) return data::in_unit_range(images);
  base::require(images.is_floating_point(), "'{}' holds {}; images are uint8 or floats", file,
                base::dtype_name(images.scalar_type()));
  require_unit_range(images, file);
  return images.scalar_type() == at::kDouble ? images : images.to(at::kFloat);
}

at::Tensor read_targets(const std::filesystem::path& path, std::int64_t images,
                        std::int64_t classes) {
  const auto file = path.string();
  at::Tensor targets = base::read_npy(path);
  base::require(at::isIntegralType(targets.scalar_type(), false) && targets.dim() == 1 &&
                    targets.size(0) == images,
                "'{}' holds {} of shape [{}]; one integer for each of the {} images is needed",
                file, base::dtype_name(targets.scalar_type()), fmt::join(targets.sizes(), ", "),
                images);
  targets = targets.to(at::kLong);
  const auto outside = targets.lt(0).logical_or(targets.ge(classes));
  if (outside.any().item<bool>()) {
    const auto at = outside.to(at::kByte).argmax().item<std::int64_t>();
    base::fail("'{}' gives image {} the target {}, but the network has the classes 0 to {}", file,
               at, targets[at].item<std::int64_t>(), classes - 1);
  }
  return targets;
}

nn::Shape image_shape(const nn::Network& network) {
  const auto& inputs = network.graph.inputs();
  base::require(inputs.size() == 1 && inputs[0].sample.size() == 3,
                "the network's only input must be an image [channels, height, width]");
  return inputs[0].sample;
}

void require_shape(const at::Tensor& images, const nn::Shape& shape, const std::string& source) {
  const auto given = images.sizes().slice(1).vec();
  base::require(given == shape, "{} are [{}] each, the network takes [{}]", source,
                fmt::join(given, ", "), fmt::join(shape, ", "));
}

at::Tensor read_photo(const std::filesystem::path& path, const nn::Shape& shape) {
  base::require((shape[0] == 1 || shape[0] == 3) && shape[1] == shape[2],
                "photos need a network of square images with 1 or 3 channels; this one takes [{}]",
                fmt::join(shape, ", "));
  auto photo = data::planar(base::read_image(path));
  if (shape[0] == 1) photo = data::to_grey(photo);
  photo = data::to_square(data::in_unit_range(photo), shape[1]);
  return photo.expand({1, shape[0], shape[1], shape[2]}).contiguous();
}

}  // namespace ranklens::app
