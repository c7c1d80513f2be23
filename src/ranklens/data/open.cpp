#include "ranklens/data/open.h"

#include <charconv>
#include <filesystem>
#include <vector>

#include <ATen/ops/from_blob.h>

#include "ranklens/base/error.h"
#include "ranklens/base/memory.h"
#include "ranklens/base/npy.h"
#include "ranklens/base/spec.h"
#include "ranklens/data/cifar.h"
#include "ranklens/data/folder.h"
#include "ranklens/data/idx.h"
#include "ranklens/data/npy_set.h"
#include "ranklens/data/pixels.h"

namespace ranklens::data {
namespace {

namespace fs = std::filesystem;
using base::require;

// Every fifth item of each class for testing, the others for training.
Dataset part_of(const Dataset& data, Split split) {
  if (split == Split::all) return data;
  std::vector<std::int64_t> seen(data.classes.size()), kept;
  const auto* labels = data.labels.const_data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < data.size(); ++i) {
    const bool test = seen[static_cast<std::size_t>(labels[i])]++ % 5 == 4;
    if (test == (split == Split::test)) kept.push_back(i);
  }
  require(!kept.empty(),
          "'{}' holds too few images to keep some for testing: that takes five of a class, or a "
          "command with --split all",
          data.name);
  return select(data,
                at::from_blob(kept.data(), {static_cast<std::int64_t>(kept.size())}, at::kLong));
}

Dataset open_scenes(std::string_view text, const OpenOptions& options) {
  constexpr std::int64_t most = 100'000'000;
  base::SpecReader spec(fmt::format("scenes({})", text), "data");
  SceneOptions scenes;
  scenes.seed = options.seed;
  scenes.grey = options.grey;
  const std::int64_t train = spec.integer("train", 8'000, 1, most);
  const std::int64_t test = spec.integer("test", 2'000, 1, most);
  const std::int64_t size = spec.integer("size", scenes.size, 16, 512);
  scenes.size = static_cast<int>(options.size > 0 ? options.size : size);
  scenes.shortcut = read_shortcut(spec, "shortcut");
  if (options.shortcut) scenes.shortcut = options.shortcut;
  spec.finish();
  const auto make = [&](Split split, std::int64_t count) {
    scenes.split = split;
    scenes.count = options.limit > 0 ? std::min(count, options.limit) : count;
    return make_scenes(scenes);
  };
  if (options.split == Split::train) return make(Split::train, train);
  if (options.split == Split::test) return make(Split::test, test);
  return concatenated(make(Split::train, train), make(Split::test, test));
}

Dataset read(std::string_view kind, std::string_view rest, const OpenOptions& options) {
  const fs::path folder(rest);
  require(!rest.empty(), "'{}' needs a folder: {}:DIR", kind, kind);
  require(fs::is_directory(folder), "'{}' is no folder", folder.string());
  if (kind == "cifar10") return read_cifar10(folder, options.split, options.limit);
  if (kind == "cifar100") return read_cifar100(folder, options.split, options.limit);
  if (kind == "mnist") return read_mnist(folder, options.split);
  if (kind == "images") {
    return read_image_folder(
        folder, {.split = options.split, .size = options.size, .limit = options.limit});
  }
  return part_of(read_npy_set(folder), options.split);
}

/// Before images are scaled: they may become larger than anything holds.
void require_room(const Dataset& data, std::int64_t side) {
  const double bytes = static_cast<double>(data.size() * data.channels()) *
                       static_cast<double>(side * side * data.images.element_size());
  base::require_memory(bytes,
                       fmt::format("a set of {} images of {}x{} pixels", data.size(), side, side));
}

Dataset finished(Dataset data, const OpenOptions& options) {
  data = first(data, options.limit);
  if (options.size > 0) {
    require_room(data, options.size);
    data.images = to_square(data.images, options.size);
    if (data.masks.defined()) data.masks = to_square_masks(data.masks, options.size);
    if (data.shortcut_masks.defined()) {
      data.shortcut_masks = to_square_masks(data.shortcut_masks, options.size);
    }
  }
  if (options.grey) data.images = to_grey(data.images);
  data.name = fmt::format("{}, {}", data.name, name_of(options.split));
  check(data, data.name);
  data.hash = content_hash(data);
  return data;
}

/// A folder as it is to be written, by what lies in it: "npy:D"; all kinds where that tells
/// nothing.
std::string with_kind(const fs::path& folder) {
  std::error_code failed;
  bool folders = false;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    const auto name = entry.path().filename().string();
    if (name == "images.npy") return "npy:" + folder.string();
    if (name.ends_with("_batch.bin") || name.starts_with("data_batch_"))
      return "cifar10:" + folder.string();
    if (name == "fine_label_names.txt") return "cifar100:" + folder.string();
    if (name.find("-ubyte") != name.npos) return "mnist:" + folder.string();
    folders = folders || entry.is_directory(failed);
  }
  if (folders) return "images:" + folder.string();
  return fmt::format("npy:{0}, images:{0}, mnist:{0}, cifar10:{0} or cifar100:{0}",
                     folder.string());
}

struct Source {
  std::string_view kind, rest;
  bool generated = false;
};

Source parse_source(std::string_view spec) {
  const std::size_t colon = spec.find(':');
  Source source{.kind = spec.substr(0, colon),
                .rest = colon == std::string_view::npos ? "" : spec.substr(colon + 1)};
  const std::vector<std::string> kinds{"cifar10", "cifar100", "mnist", "images", "npy", "scenes"};
  const bool known = std::find(kinds.begin(), kinds.end(), source.kind) != kinds.end();
  if (std::error_code ignored; !known && fs::is_directory(spec, ignored))
    base::fail("'{}' is a folder: write {}", spec, with_kind(fs::path(spec)));
  require(known, "data of the kind '{}' does not exist{}", source.kind,
          base::nearest_hint(source.kind, kinds));
  source.generated =
      source.kind == "scenes" && (source.rest.empty() || !fs::is_directory(source.rest));
  return source;
}

}  // namespace

std::optional<std::int64_t> count_of_all(std::string_view spec) {
  const auto source = parse_source(spec);
  const fs::path folder(source.rest);
  if (source.generated || source.kind.starts_with("cifar") || source.kind == "mnist")
    return std::nullopt;
  if (source.kind == "images") return count_image_files(folder);
  return base::read_npy(folder / "labels.npy").numel();
}

std::string without_place(std::string_view spec) {
  const auto source = parse_source(spec);
  return std::string(source.generated ? spec : source.kind);
}

Dataset open(std::string_view spec, const OpenOptions& options) {
  require(options.limit >= 0, "a limit is 0 (all images) or more, not {}", options.limit);
  require(options.size >= 0 && options.size <= 4096, "a side has 1 to 4096 pixels, not {}",
          options.size);
  const auto [kind, rest, generated] = parse_source(spec);
  if (generated) return finished(open_scenes(rest, options), options);
  require(!options.shortcut, "a shortcut can be planted in generated scenes only, not in '{}'",
          spec);
  return finished(read(kind == "scenes" ? "npy" : kind, rest, options), options);
}

}  // namespace ranklens::data
