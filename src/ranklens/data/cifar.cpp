#include "ranklens/data/cifar.h"

#include <algorithm>
#include <cstring>
#include <sstream>

#include <ATen/ops/empty.h>

#include "ranklens/base/error.h"
#include "ranklens/base/files.h"

namespace ranklens::data {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t image_bytes = std::int64_t{3} * 32 * 32;
constexpr std::int64_t record = 1 + image_bytes;
constexpr std::int64_t records = 10'000;  // in each file
constexpr std::int64_t class_count = 10;

std::vector<fs::path> files_of(const fs::path& folder, Split split) {
  const fs::path inner = folder / "cifar-10-batches-bin";
  const fs::path place = fs::is_directory(inner) ? inner : folder;
  std::vector<fs::path> files;
  if (split != Split::test) {
    for (int i = 1; i <= 5; ++i) files.push_back(place / fmt::format("data_batch_{}.bin", i));
  }
  if (split != Split::train) files.push_back(place / "test_batch.bin");
  for (const auto& file : files) {
    base::require(fs::is_regular_file(file),
                  "'{}' does not exist; CIFAR-10's binary files are needed", file.string());
  }
  return files;
}

std::vector<std::string> class_names(const fs::path& place) {
  const fs::path file = place / "batches.meta.txt";
  std::vector<std::string> names;
  if (fs::is_regular_file(file)) {
    std::istringstream lines(base::read_file(file));
    for (std::string name; lines >> name;) names.push_back(name);
  }
  if (static_cast<std::int64_t>(names.size()) == class_count) return names;
  return {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};
}

// Fills items from `first` on with the file's records, as many as fit; returns how many.
std::int64_t read_batch(const fs::path& path, Dataset& data, std::int64_t first) {
  const base::InputFile file(path);
  base::require(file.size() == records * record,
                "'{}' has {} bytes; a CIFAR-10 file has {} ({} records of {})", path.string(),
                file.size(), records * record, records, record);
  const std::int64_t count = std::min(records, data.size() - first);
  const std::string bytes = file.read(0, static_cast<std::uint64_t>(count * record));
  auto* labels = data.labels.mutable_data_ptr<std::int64_t>() + first;
  auto* images = data.images.mutable_data_ptr<std::uint8_t>() + first * image_bytes;
  for (std::int64_t i = 0; i < count; ++i) {
    const char* item = bytes.data() + i * record;
    labels[i] = static_cast<unsigned char>(*item);
    base::require(labels[i] < class_count,
                  "'{}': the label of record {} is {}; it must lie in 0 to {}", path.string(), i,
                  labels[i], class_count - 1);
    std::memcpy(images + i * image_bytes, item + 1, image_bytes);
  }
  return count;
}

}  // namespace

Dataset read_cifar10(const fs::path& folder, Split split, std::int64_t limit) {
  const auto files = files_of(folder, split);
  std::int64_t count = records * static_cast<std::int64_t>(files.size());
  if (limit > 0) count = std::min(count, limit);
  Dataset data;
  data.images = at::empty({count, 3, 32, 32}, at::kByte);
  data.labels = at::empty({count}, at::kLong);
  data.classes = class_names(files.front().parent_path());
  data.name = "CIFAR-10";
  std::int64_t done = 0;
  for (std::size_t i = 0; done < count; ++i) done += read_batch(files[i], data, done);
  return data;
}

}  // namespace ranklens::data
