#include "ranklens/data/folder.h"

#include <algorithm>
#include <cctype>

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>

#include "ranklens/base/error.h"
#include "ranklens/base/image.h"
#include "ranklens/base/memory.h"
#include "ranklens/data/pixels.h"

namespace ranklens::data {
namespace {

namespace fs = std::filesystem;

struct Item {
  fs::path path;
  std::int64_t label = 0;
};

bool is_image(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return ending == ".png" || ending == ".jpg" || ending == ".jpeg";
}

std::vector<fs::path> sorted_entries(const fs::path& folder) {
  std::vector<fs::path> entries;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!entry.path().filename().string().starts_with('.')) entries.push_back(entry.path());
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

std::vector<std::string> subfolders(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& place : sorted_entries(folder)) {
    if (fs::is_directory(place)) names.push_back(place.filename().string());
  }
  base::require(!names.empty(), "'{}' holds no folder of PNG or JPEG files for a class",
                folder.string());
  return names;
}

using Files = std::vector<std::vector<Item>>;  // of each class

void add_files(Files& files, const fs::path& folder, const std::vector<std::string>& classes) {
  for (const auto& name : subfolders(folder)) {
    const auto found = std::find(classes.begin(), classes.end(), name);
    base::require(found != classes.end(), "'{}' is a class that the training images do not have{}",
                  (folder / name).string(), base::nearest_hint(name, classes));
    auto& items = files[static_cast<std::size_t>(found - classes.begin())];
    const std::size_t before = items.size();
    for (const auto& path : sorted_entries(folder / name)) {
      if (fs::is_regular_file(path) && is_image(path))
        items.push_back({path, found - classes.begin()});
    }
    base::require(items.size() > before, "the folder '{}' holds no PNG or JPEG file",
                  (folder / name).string());
  }
}

fs::path test_folder(const fs::path& folder) {
  for (const char* name : {"test", "val", "valid", "validation"}) {
    if (fs::is_directory(folder / name)) return folder / name;
  }
  return {};
}

Files keep(Files files, Split split) {
  if (split == Split::all) return files;
  for (auto& items : files) {
    std::vector<Item> kept;
    for (std::size_t i = 0; i < items.size(); ++i) {
      if ((i % 5 == 4) == (split == Split::test)) kept.push_back(items[i]);
    }
    items = std::move(kept);
  }
  return files;
}

Files list(const fs::path& folder, Split split, std::vector<std::string>& classes) {
  const fs::path test = test_folder(folder);
  const bool divided = fs::is_directory(folder / "train") && !test.empty();
  classes = subfolders(divided ? folder / "train" : folder);
  Files files(classes.size());
  if (!divided) {
    add_files(files, folder, classes);
    return keep(std::move(files), split);
  }
  if (split != Split::test) add_files(files, folder / "train", classes);
  if (split != Split::train) add_files(files, test, classes);
  return files;
}

// All files class by class, or the first `limit` of them taken from the classes in turn.
std::vector<Item> choose(const Files& files, std::int64_t limit) {
  std::vector<std::size_t> taken(files.size());
  std::size_t total = 0;
  for (const auto& items : files) total += items.size();
  std::size_t left =
      limit > 0 ? std::min<std::size_t>(total, static_cast<std::size_t>(limit)) : total;
  while (left > 0) {
    for (std::size_t c = 0; c < files.size() && left > 0; ++c) {
      if (taken[c] == files[c].size()) continue;
      ++taken[c];
      --left;
    }
  }
  std::vector<Item> chosen;
  for (std::size_t c = 0; c < files.size(); ++c) {
    chosen.insert(chosen.end(), files[c].begin(),
                  files[c].begin() + static_cast<std::ptrdiff_t>(taken[c]));
  }
  return chosen;
}

at::Tensor read_one(const fs::path& path, const FolderOptions& options) {
  const at::Tensor image = planar(base::read_image(path));
  return options.size > 0 ? to_square(image, options.size) : image;
}

}  // namespace

Dataset read_image_folder(const fs::path& folder, const FolderOptions& options) {
  base::require(fs::is_directory(folder), "'{}' is no folder", folder.string());
  Dataset data;
  const auto items = choose(list(folder, options.split, data.classes), options.limit);
  base::require(!items.empty(),
                "'{}' holds too few images to keep some for testing: that takes five of a class, "
                "folders train and test, or a command with --split all",
                folder.string());
  base::require_memory(
      static_cast<double>(items.size()) * static_cast<double>(options.size * options.size),
      fmt::format("a set of {} images of {}x{} pixels", items.size(), options.size, options.size));
  std::vector<at::Tensor> images;
  std::int64_t channels = 1;
  data.labels = at::empty({static_cast<std::int64_t>(items.size())}, at::kLong);
  for (const auto& [path, label] : items) {
    data.labels.mutable_data_ptr<std::int64_t>()[images.size()] = label;
    images.push_back(read_one(path, options));
    const auto& now = images.back();
    base::require(now.sizes().slice(2) == images.front().sizes().slice(2),
                  "'{}' has {} x {} pixels and '{}' has {} x {}; scale them to one size "
                  "(the commands that take --size do)",
                  items.front().path.string(), images.front().size(3), images.front().size(2),
                  path.string(), now.size(3), now.size(2));
    channels = std::max(channels, now.size(1));
  }
  for (auto& image : images) image = image.expand({1, channels, -1, -1});
  data.images = at::cat(images);
  data.name = folder.string();
  return data;
}

std::int64_t count_image_files(const fs::path& folder) {
  std::vector<std::string> classes;
  std::int64_t count = 0;
  for (const auto& items : list(folder, Split::all, classes))
    count += static_cast<std::int64_t>(items.size());
  return count;
}

}  // namespace ranklens::data
