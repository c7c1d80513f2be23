#include "ranklens/data/idx.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include <fmt/ranges.h>

#include "ranklens/base/error.h"
#include "ranklens/base/gzip.h"
#include "ranklens/base/tensor_bytes.h"

namespace ranklens::data {
namespace {

namespace fs = std::filesystem;
using base::require;

constexpr std::size_t most_bytes = std::size_t{4} << 30;
constexpr std::size_t idx_dimensions = 4;
constexpr std::int64_t idx_classes = 10;

std::int64_t big_endian(const std::string& bytes, std::size_t at) {
  std::int64_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

fs::path find(const fs::path& folder, const std::string& stem, const std::string& kind) {
  for (const char* mark : {"-", "."}) {
    for (const char* packed : {".gz", ""}) {
      const fs::path file = folder / fmt::format("{}{}{}{}", stem, mark, kind, packed);
      if (fs::is_regular_file(file)) return file;
    }
  }
  base::fail("'{}' does not exist, with or without .gz", (folder / (stem + "-" + kind)).string());
}

/// The sizes that the header gives.
std::vector<std::int64_t> sizes_in(const std::string& start, const std::string& file) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(start[i]); };
  require(start.size() >= 4 && at(0) == 0 && at(1) == 0, "'{}' is no idx file", file);
  require(at(2) == 8, "'{}' holds idx values of type 0x{:02X}; unsigned bytes (0x08) are needed",
          file, at(2));
  const std::size_t dimensions = at(3);
  require(dimensions >= 1 && dimensions <= idx_dimensions && start.size() >= 4 + 4 * dimensions,
          "'{}' is cut off in its header, or has not 1 to {} dimensions but {}", file,
          idx_dimensions, dimensions);
  std::vector<std::int64_t> sizes;
  for (std::size_t i = 0; i < dimensions; ++i) sizes.push_back(big_endian(start, 4 + 4 * i));
  return sizes;
}

void check_labels(const at::Tensor& labels, const std::string& file) {
  const auto outside = labels.ge(idx_classes);
  if (!outside.any().item<bool>()) return;
  const auto item = outside.to(at::kByte).argmax().item<std::int64_t>();
  base::fail("'{}' gives item {} the label {}; the classes of mnist: are 0 to {}", file, item,
             labels[item].item<std::int64_t>(), idx_classes - 1);
}

Dataset read_pair(const fs::path& folder, const std::string& part) {
  const fs::path images = find(folder, part + "-images", "idx3-ubyte");
  const fs::path labels = find(folder, part + "-labels", "idx1-ubyte");
  Dataset data;
  data.images = read_idx(images);
  data.labels = read_idx(labels);
  require(data.images.dim() == 3 && data.images.numel() > 0,
          "'{}' holds an array of shape [{}]; images [N, H, W] are needed", images.string(),
          fmt::join(data.images.sizes(), ", "));
  require(data.labels.dim() == 1 && data.labels.size(0) == data.images.size(0),
          "'{}' holds labels of shape [{}] for {} images", labels.string(),
          fmt::join(data.labels.sizes(), ", "), data.images.size(0));
  data.images = data.images.unsqueeze(1);
  data.labels = data.labels.to(at::kLong);
  check_labels(data.labels, labels.string());
  return data;
}

}  // namespace

at::Tensor read_idx(const fs::path& path) {
  const auto sizes = sizes_in(base::read_gz_start(path, 4 + 4 * idx_dimensions), path.string());
  const std::size_t header = 4 + 4 * sizes.size();
  const auto count = base::array_bytes(sizes, 1);
  require(count && static_cast<std::size_t>(*count) <= most_bytes,
          "'{}' promises values of shape [{}], more than {} bytes", path.string(),
          fmt::join(sizes, ", "), most_bytes);
  const auto promised = header + static_cast<std::size_t>(*count);
  const auto unpacked = base::read_gz_within(path, promised);
  require(unpacked.has_value(), "'{}' promises values of shape [{}] and holds more of them",
          path.string(), fmt::join(sizes, ", "));
  const auto& bytes = *unpacked;
  require(bytes.size() == promised, "'{}' promises values of shape [{}] and holds {} of them",
          path.string(), fmt::join(sizes, ", "), bytes.size() - header);
  at::Tensor values = base::uninitialised(sizes, at::kByte);
  if (*count > 0)
    std::memcpy(values.mutable_data_ptr(), bytes.data() + header, bytes.size() - header);
  return values;
}

Dataset read_mnist(const fs::path& folder, Split split) {
  std::optional<Dataset> train, test;
  if (split != Split::test) train = read_pair(folder, "train");
  if (split != Split::train) test = read_pair(folder, "t10k");
  for (auto* part : {&train, &test}) {
    if (!*part) continue;
    (*part)->name = "MNIST";
    for (std::int64_t i = 0; i < idx_classes; ++i) (*part)->classes.push_back(std::to_string(i));
  }
  if (train && test) return concatenated(*train, *test);
  return train ? *train : *test;
}

}  // namespace ranklens::data
