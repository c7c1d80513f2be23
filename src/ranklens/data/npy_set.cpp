#include "ranklens/data/npy_set.h"

#include <cmath>
#include <sstream>

#include <ATen/ops/empty.h>
#include <fmt/ranges.h>

#include "ranklens/base/dtype.h"
#include "ranklens/base/error.h"
#include "ranklens/base/files.h"
#include "ranklens/base/npy.h"
#include "ranklens/base/staged_folder.h"

namespace ranklens::data {
namespace {

namespace fs = std::filesystem;
using base::require;

// uint8 if every value is exactly k/255, else the tensor itself.
at::Tensor as_bytes_if_exact(const at::Tensor& floats) {
  at::Tensor bytes = at::empty(floats.sizes(), at::kByte);
  const float* from = floats.const_data_ptr<float>();
  auto* to = bytes.mutable_data_ptr<std::uint8_t>();
  for (std::int64_t i = 0; i < floats.numel(); ++i) {
    if (!(from[i] >= 0 && from[i] <= 1)) return floats;
    const float shifted = from[i] * 255 + 0.5f;
    to[i] = static_cast<std::uint8_t>(shifted);  // rounded: nothing here is below 0
    if (static_cast<float>(to[i]) / 255 != from[i]) return floats;
  }
  return bytes;
}

at::Tensor read_images(const fs::path& path) {
  at::Tensor images = base::read_npy(path);
  require(images.dim() == 4 || images.dim() == 3,
          "'{}' holds an array of shape [{}]; images [N, C, H, W] or [N, H, W] are needed",
          path.string(), fmt::join(images.sizes(), ", "));
  if (images.dim() == 3) images = images.unsqueeze(1);
  if (images.scalar_type() == at::kByte) return images;
  require(at::isFloatingType(images.scalar_type()),
          "'{}' holds {}; images are uint8 or floats in [0, 1]", path.string(),
          base::dtype_name(images.scalar_type()));
  return as_bytes_if_exact(images.to(at::kFloat).contiguous());
}

at::Tensor read_labels(const fs::path& path) {
  const at::Tensor labels = base::read_npy(path);
  require(at::isIntegralType(labels.scalar_type(), false) && labels.dim() == 1,
          "'{}' holds {} of shape [{}]; labels are integers of shape [N]", path.string(),
          base::dtype_name(labels.scalar_type()), fmt::join(labels.sizes(), ", "));
  return labels.to(at::kLong);
}

at::Tensor read_masks(const fs::path& path) {
  if (!fs::exists(path)) return {};
  const at::Tensor masks = base::read_npy(path);
  require(at::isIntegralType(masks.scalar_type(), true),
          "'{}' holds {}; masks are integers or bool", path.string(),
          base::dtype_name(masks.scalar_type()));
  return masks.ne(0).to(at::kByte);
}

std::vector<std::string> read_classes(const fs::path& path, const at::Tensor& labels) {
  std::vector<std::string> names;
  if (fs::exists(path)) {
    std::istringstream lines(base::read_file(path));
    for (std::string line; std::getline(lines, line);) {
      if (!line.empty()) names.push_back(line);
    }
    return names;
  }
  constexpr std::int64_t most = 100'000;  // a label beyond is a mistake, not a class
  const std::int64_t greatest = labels.numel() > 0 ? labels.max().item<std::int64_t>() : -1;
  require(greatest < most, "'{}': without classes.txt the labels must lie below {}, not at {}",
          path.parent_path().string(), most, greatest);
  for (std::int64_t i = 0; i <= greatest; ++i) names.push_back(std::to_string(i));
  return names;
}

}  // namespace

at::Tensor to_float(const at::Tensor& images) {
  if (images.scalar_type() == at::kFloat) return images;
  return images.to(at::kFloat).div_(255);
}

Dataset read_npy_set(const fs::path& folder) {
  Dataset data;
  data.images = read_images(folder / "images.npy");
  data.labels = read_labels(folder / "labels.npy");
  data.masks = read_masks(folder / "masks.npy");
  data.shortcut_masks = read_masks(folder / "shortcut_masks.npy");
  data.classes = read_classes(folder / "classes.txt", data.labels);
  data.name = folder.string();
  check(data, fmt::format("'{}'", folder.string()));
  return data;
}

void write_npy_set(const fs::path& folder, const Dataset& data) {
  base::StagedFolder staged(folder);
  const auto& hidden = staged.path();
  base::write_npy(hidden / "images.npy", to_float(data.images));
  base::write_npy(hidden / "labels.npy", data.labels);
  if (data.masks.defined()) base::write_npy(hidden / "masks.npy", data.masks);
  if (data.shortcut_masks.defined()) {
    base::write_npy(hidden / "shortcut_masks.npy", data.shortcut_masks);
  }
  std::string names;
  for (const auto& name : data.classes) names += name + "\n";
  base::write_file(hidden / "classes.txt", names);
  staged.commit();
}

}  // namespace ranklens::data
