#include "ranklens/data/cifar.h"

#include <algorithm>
#include <cstring>
#include <sstream>
#include <vector>

#include <ATen/ops/empty.h>

#include "ranklens/base/error.h"
#include "ranklens/base/files.h"

namespace ranklens::data {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kImageBytes = std::int64_t{3} * 32 * 32;

struct BatchFile {
  const char* name;
  std::int64_t records;
};

/// What the two sets differ in.
struct Layout {
  const char* name;
  const char* inner;  ///< the folder that their archives hold
  std::vector<BatchFile> train;
  BatchFile test;
  std::int64_t label_bytes;  ///< before the pixels; the last of them is the class
  std::int64_t classes;
  const char* names;

  std::int64_t record() const { return label_bytes + kImageBytes; }
};

const Layout& cifar10() {
  static const Layout layout{.name = "CIFAR-10",
                             .inner = "cifar-10-batches-bin",
                             .train = {{"data_batch_1.bin", 10'000},
                                       {"data_batch_2.bin", 10'000},
                                       {"data_batch_3.bin", 10'000},
                                       {"data_batch_4.bin", 10'000},
                                       {"data_batch_5.bin", 10'000}},
                             .test = {"test_batch.bin", 10'000},
                             .label_bytes = 1,
                             .classes = 10,
                             .names = "batches.meta.txt"};
  return layout;
}

const Layout& cifar100() {
  static const Layout layout{.name = "CIFAR-100",
                             .inner = "cifar-100-binary",
                             .train = {{"train.bin", 50'000}},
                             .test = {"test.bin", 10'000},
                             .label_bytes = 2,
                             .classes = 100,
                             .names = "fine_label_names.txt"};
  return layout;
}

std::vector<BatchFile> files_of(const Layout& layout, Split split) {
  std::vector<BatchFile> files;
  if (split != Split::test) files = layout.train;
  if (split != Split::train) files.push_back(layout.test);
  return files;
}

fs::path place_of(const Layout& layout, const fs::path& folder) {
  const fs::path inner = folder / layout.inner;
  return fs::is_directory(inner) ? inner : folder;
}

/// The words of the file where they are `count`; else none.
std::vector<std::string> names_in(const fs::path& file, std::int64_t count) {
  std::vector<std::string> names;
  if (fs::is_regular_file(file)) {
    std::istringstream lines(base::read_file(file));
    for (std::string name; lines >> name;) names.push_back(name);
  }
  if (static_cast<std::int64_t>(names.size()) != count) names.clear();
  return names;
}

/// Fills items from `first` on with the file's records, as many as fit; returns how many.
std::int64_t read_batch(const Layout& layout, const fs::path& path, std::int64_t records,
                        Dataset& data, std::int64_t first) {
  const base::InputFile file(path);
  const auto record = layout.record();
  base::require(file.size() == static_cast<std::uint64_t>(records * record),
                "'{}' has {} bytes; a {} file has {} ({} records of {})", path.string(),
                file.size(), layout.name, records * record, records, record);
  const std::int64_t count = std::min(records, data.size() - first);
  const std::string bytes = file.read(0, static_cast<std::uint64_t>(count * record));
  auto* labels = data.labels.mutable_data_ptr<std::int64_t>() + first;
  auto* images = data.images.mutable_data_ptr<std::uint8_t>() + first * kImageBytes;
  for (std::int64_t i = 0; i < count; ++i) {
    const char* pixels = bytes.data() + i * record + layout.label_bytes;
    labels[i] = static_cast<unsigned char>(pixels[-1]);
    base::require(labels[i] < layout.classes,
                  "'{}': the label of record {} is {}; it must lie in 0 to {}", path.string(), i,
                  labels[i], layout.classes - 1);
    std::memcpy(images + i * kImageBytes, pixels, kImageBytes);
  }
  return count;
}

Dataset read_cifar(const Layout& layout, const fs::path& folder, Split split, std::int64_t limit,
                   std::vector<std::string> own_names) {
  const auto files = files_of(layout, split);
  const auto place = place_of(layout, folder);
  std::int64_t count = 0;
  for (const auto& file : files) {
    count += file.records;
    base::require(fs::is_regular_file(place / file.name),
                  "'{}' does not exist; {}'s binary files are needed", (place / file.name).string(),
                  layout.name);
  }
  if (limit > 0) count = std::min(count, limit);
  Dataset data;
  data.images = at::empty({count, 3, 32, 32}, at::kByte);
  data.labels = at::empty({count}, at::kLong);
  data.classes = names_in(place / layout.names, layout.classes);
  if (data.classes.empty()) data.classes = std::move(own_names);
  data.name = layout.name;
  std::int64_t done = 0;
  for (std::size_t i = 0; done < count; ++i)
    done += read_batch(layout, place / files[i].name, files[i].records, data, done);
  return data;
}

}  // namespace

Dataset read_cifar10(const fs::path& folder, Split split, std::int64_t limit) {
  return read_cifar(
      cifar10(), folder, split, limit,
      {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"});
}

Dataset read_cifar100(const fs::path& folder, Split split, std::int64_t limit) {
  std::vector<std::string> numbers;
  for (std::int64_t k = 0; k < cifar100().classes; ++k) numbers.push_back(std::to_string(k));
  return read_cifar(cifar100(), folder, split, limit, std::move(numbers));
}

}  // namespace ranklens::data
