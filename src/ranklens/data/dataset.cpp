#include "ranklens/data/dataset.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <fmt/ranges.h>

#include "ranklens/base/dtype.h"
#include "ranklens/base/error.h"
#include "ranklens/base/sha256.h"
#include "ranklens/base/tensor_bytes.h"

namespace ranklens::data {
namespace {

using base::require;

void check_masks(const at::Tensor& masks, const Dataset& data, const std::string& source,
                 std::string_view what) {
  if (!masks.defined()) return;
  const std::vector<std::int64_t> wanted{data.size(), data.height(), data.width()};
  require(masks.scalar_type() == at::kByte && masks.is_contiguous() && masks.sizes() == wanted,
          "{}: the {} are {} of shape [{}], but the images need uint8 of shape [{}]", source, what,
          base::dtype_name(masks.scalar_type()), fmt::join(masks.sizes(), ", "),
          fmt::join(wanted, ", "));
  const auto* values = masks.const_data_ptr<std::uint8_t>();
  const auto* bad = std::find_if(values, values + masks.numel(), [](auto v) { return v > 1; });
  require(bad == values + masks.numel(), "{}: the {} hold the value {} (item {}); 0 or 1 is needed",
          source, what, bad == values + masks.numel() ? 0 : *bad,
          (bad - values) / (data.height() * data.width()));
}

void check_pixels(const Dataset& data, const std::string& source) {
  require(data.images.dim() == 4 && data.images.is_contiguous(),
          "{}: the images have the shape [{}]; [N, C, H, W] is needed", source,
          fmt::join(data.images.sizes(), ", "));
  require(data.images.numel() > 0, "{}: there are no images (shape [{}])", source,
          fmt::join(data.images.sizes(), ", "));
  if (data.images.scalar_type() == at::kByte) return;
  require(data.images.scalar_type() == at::kFloat,
          "{}: the pixels are {}; uint8 or float32 is needed", source,
          base::dtype_name(data.images.scalar_type()));
  const float* values = data.images.const_data_ptr<float>();
  const std::int64_t count = data.images.numel();
  for (std::int64_t i = 0; i < count; ++i) {
    require(values[i] >= 0 && values[i] <= 1,
            "{}: a pixel of item {} is {}; all must lie in [0, 1]", source,
            i / (count / data.size()), values[i]);
  }
}

at::Tensor chosen(const at::Tensor& tensor, const at::Tensor& indices) {
  return tensor.defined() ? tensor.index_select(0, indices) : tensor;
}

at::Tensor joined(const at::Tensor& a, const at::Tensor& b) {
  return a.defined() && b.defined() ? at::cat({a, b}) : at::Tensor{};
}

void hash_tensor(base::Sha256& hash, std::string_view name, const at::Tensor& tensor) {
  if (!tensor.defined()) return;
  // Torch's own name of the type: hashes of earlier runs hold it.
  hash.update(fmt::format("{} {} [{}]\n", name, c10::toString(tensor.scalar_type()),
                          fmt::join(tensor.sizes(), ",")));
  hash.update(base::bytes_of(tensor));
}

}  // namespace

std::string_view name_of(Split split) {
  return split == Split::train ? "train" : split == Split::test ? "test" : "all";
}

Split parse_split(std::string_view text) {
  for (const Split split : {Split::train, Split::test, Split::all}) {
    if (text == name_of(split)) return split;
  }
  base::fail("data have the parts 'train', 'test' and 'all', but no '{}'", text);
}

void check(const Dataset& data, const std::string& source) {
  require(data.images.defined() && data.labels.defined(), "{}: images and labels are needed",
          source);
  check_pixels(data, source);
  require(data.labels.scalar_type() == at::kLong && data.labels.dim() == 1 &&
              data.labels.is_contiguous() && data.labels.size(0) == data.size(),
          "{}: the labels are {} of shape [{}], but the images need int64 of shape [{}]", source,
          base::dtype_name(data.labels.scalar_type()), fmt::join(data.labels.sizes(), ", "),
          data.size());
  const auto* labels = data.labels.const_data_ptr<std::int64_t>();
  const auto classes = static_cast<std::int64_t>(data.classes.size());
  for (std::int64_t i = 0; i < data.size(); ++i) {
    require(labels[i] >= 0 && labels[i] < classes,
            "{}: the label of item {} is {}; it must lie in 0 to {}", source, i, labels[i],
            classes - 1);
  }
  check_masks(data.masks, data, source, "masks");
  check_masks(data.shortcut_masks, data, source, "shortcut masks");
}

std::string content_hash(const Dataset& data) {
  base::Sha256 hash;
  hash_tensor(hash, "images", data.images);
  hash_tensor(hash, "labels", data.labels);
  hash_tensor(hash, "masks", data.masks);
  hash_tensor(hash, "shortcut_masks", data.shortcut_masks);
  for (const auto& name : data.classes)
    hash.update(fmt::format("class {} {}\n", name.size(), name));
  return hash.hex().substr(0, 16);
}

Dataset select(const Dataset& data, const at::Tensor& indices) {
  Dataset part = data;
  part.images = chosen(data.images, indices);
  part.labels = chosen(data.labels, indices);
  part.masks = chosen(data.masks, indices);
  part.shortcut_masks = chosen(data.shortcut_masks, indices);
  part.hash = content_hash(part);
  return part;
}

Dataset first(const Dataset& data, std::int64_t count) {
  require(count >= 0, "a number of images is 0 (all) or more, not {}", count);
  if (count == 0 || count >= data.size()) return data;
  const auto head = [&](const at::Tensor& tensor) {
    return tensor.defined() ? tensor.narrow(0, 0, count).clone() : tensor;
  };
  Dataset part = data;
  part.images = head(data.images);
  part.labels = head(data.labels);
  part.masks = head(data.masks);
  part.shortcut_masks = head(data.shortcut_masks);
  part.hash = content_hash(part);
  return part;
}

Dataset concatenated(const Dataset& a, const Dataset& b) {
  require(a.images.sizes().slice(1) == b.images.sizes().slice(1) && a.classes == b.classes &&
              a.images.scalar_type() == b.images.scalar_type(),
          "{} and {} do not go together: their images or classes differ", a.name, b.name);
  Dataset both = a;
  both.images = joined(a.images, b.images);
  both.labels = joined(a.labels, b.labels);
  both.masks = joined(a.masks, b.masks);
  both.shortcut_masks = joined(a.shortcut_masks, b.shortcut_masks);
  both.name = a.name + " + " + b.name;
  both.hash = content_hash(both);
  return both;
}

}  // namespace ranklens::data
