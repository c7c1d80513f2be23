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

std::int64_t big_endian(const std::string& bytes, std::size_t at) {
  std::int64_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

fs::path find(const fs::path& folder, const std::string& stem, const std::string& kind) {
  for (const char* mark : {"-", "."}) {
    for (const char* packed : {".gz", ""}) {
      const fs::path file = folder / (stem + mark + kind + packed);
      if (fs::is_regular_file(file)) return file;
    }
  }
  base::fail("'{}' does not exist, with or without .gz", (folder / (stem + "-" + kind)).string());
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
  return data;
}

}  // namespace

at::Tensor read_idx(const fs::path& path) {
  const std::string bytes = base::read_gz(path, most_bytes);
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  require(bytes.size() >= 4 && at(0) == 0 && at(1) == 0, "'{}' is no idx file", path.string());
  require(at(2) == 8, "'{}' holds idx values of type 0x{:02X}; unsigned bytes (0x08) are needed",
          path.string(), at(2));
  const std::size_t dimensions = at(3), header = 4 + 4 * dimensions;
  require(dimensions >= 1 && dimensions <= 4 && bytes.size() >= header,
          "'{}' is cut off in its header, or has not 1 to 4 dimensions but {}", path.string(),
          dimensions);
  std::vector<std::int64_t> sizes;
  for (std::size_t i = 0; i < dimensions; ++i) sizes.push_back(big_endian(bytes, 4 + 4 * i));
  const auto count = base::array_bytes(sizes, 1);
  require(count && static_cast<std::size_t>(*count) == bytes.size() - header,
          "'{}' promises values of shape [{}] and holds {} of them", path.string(),
          fmt::join(sizes, ", "), bytes.size() - header);
  at::Tensor values = base::uninitialised(sizes, at::kByte);
  if (*count > 0)
    std::memcpy(values.mutable_data_ptr(), bytes.data() + header, bytes.size() - header);
  return values;
}

Dataset read_mnist(const fs::path& folder, Split split) {
  std::optional<Dataset> train, test;
  if (split != Split::test) train = read_pair(folder, "train");
  if (split != Split::train) test = read_pair(folder, "t10k");
  std::int64_t classes = 10;
  for (auto* part : {&train, &test}) {
    if (*part) classes = std::max(classes, (*part)->labels.max().item<std::int64_t>() + 1);
  }
  for (auto* part : {&train, &test}) {
    if (!*part) continue;
    (*part)->name = "MNIST";
    for (std::int64_t i = 0; i < classes; ++i) (*part)->classes.push_back(std::to_string(i));
  }
  if (train && test) return concatenated(*train, *test);
  return train ? *train : *test;
}

}  // namespace ranklens::data
