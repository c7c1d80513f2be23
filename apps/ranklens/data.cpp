#include <algorithm>
#include <memory>

#include <fmt/ranges.h>

#include "ranklens/base/clock.h"
#include "ranklens/base/error.h"
#include "ranklens/base/free_folder.h"
#include "ranklens/base/interrupt.h"
#include "ranklens/base/memory.h"
#include "ranklens/base/staged_folder.h"
#include "ranklens/data/npy_set.h"
#include "ranklens/data/open.h"
#include "ranklens/data/scenes.h"
#include "ranklens/data/scenes_page.h"
#include "ranklens/data/summary.h"

#include "checks.h"
#include "commands.h"
#include "manifest.h"
#include "outputs.h"

namespace ranklens::app {
namespace {

struct MakeOptions {
  Common common;
  std::string kind;
  data::SceneOptions scenes;
  std::string split = "train";
  std::string shortcut;
  std::string page;
};

struct InspectOptions {
  Common common;
  std::string source;
  std::string split = "train";
  bool grey = false;
  std::int64_t limit = 0;
};

Json shape_of(const data::Dataset& set) { return set.images.sizes().vec(); }

/// The page that documents the generated classes.
void make_page(const MakeOptions& options) {
  const std::filesystem::path folder = options.page;
  const auto file = (folder / data::kScenesPage).string();
  if (std::filesystem::is_directory(folder)) {
    std::vector<OutputFile> outputs{{"--page", file, FileKind::scenes}};
    for (const auto picture : data::kScenesPictures)
      outputs.push_back({"--page", (folder / picture).string(), FileKind::picture});
    require_replaceable(outputs);
  }
  data::write_scenes_page(folder);
  emit(options.common, Json{{"page", file}}, fmt::format("the page: {}\n", file));
}

/// All that the images depend on.
Json identity_of(const MakeOptions& options) {
  return {{"kind", options.kind},        {"count", options.scenes.count},
          {"split", options.split},      {"seed", options.common.seed},
          {"size", options.scenes.size}, {"grey", options.scenes.grey},
          {"shortcut", options.shortcut}};
}

/// The set and its manifest, all files or none.
void write_set(const MakeOptions& options, const data::Dataset& set, base::StagedFolder& staged,
               double wall_seconds) {
  data::write_npy_set(staged.path(), set);
  const auto identity = identity_of(options);
  Manifest manifest{.command = "data make",
                    .configuration = identity,
                    .identity = identity,
                    .data_hash = set.hash,
                    .wall_seconds = wall_seconds};
  for (const auto& entry : std::filesystem::directory_iterator(staged.path())) {
    manifest.files.push_back(entry.path().filename().string());
  }
  std::sort(manifest.files.begin(), manifest.files.end());
  write_manifest(staged.path(), options.common, manifest);
  staged.commit();
}

void make(MakeOptions options) {
  start(options.common);
  base::require(options.kind == "scenes", "there is no '{}' to make; write scenes", options.kind);
  if (!options.page.empty()) return make_page(options);
  base::require(!options.common.out.empty(), "--out is required: the folder to write to");
  const double pixels = static_cast<double>(options.scenes.count) *
                        static_cast<double>(options.scenes.size * options.scenes.size);
  // Its file holds floats.
  base::require_memory(pixels * (options.scenes.grey ? 1 : 3) * sizeof(float),
                       fmt::format("a set of {0} scenes of {1}x{1} pixels", options.scenes.count,
                                   options.scenes.size));
  options.scenes.seed = options.common.seed;
  options.scenes.split = data::parse_split(options.split);
  if (!options.shortcut.empty()) options.scenes.shortcut = data::parse_shortcut(options.shortcut);
  base::require_free(options.common.out, {.command = "data make",
                                          .identity = identity_of(options),
                                          .among_others = true,
                                          .writes = {"images.npy", "labels.npy", "masks.npy",
                                                     "shortcut_masks.npy", "classes.txt"}});
  base::install_interrupt_handlers();
  const base::Stopwatch watch;
  base::StagedFolder staged(options.common.out);
  const auto set = data::make_scenes(options.scenes);
  write_set(options, set, staged, watch.seconds());
  emit(options.common,
       Json{{"out", options.common.out}, {"images", shape_of(set)}, {"hash", set.hash}},
       fmt::format("{} images of {} classes are in {}\n", set.size(), set.classes.size(),
                   options.common.out));
}

void inspect(const InspectOptions& options) {
  start(options.common);
  const auto set = data::open(options.source, {.split = data::parse_split(options.split),
                                               .grey = options.grey,
                                               .limit = options.limit,
                                               .seed = options.common.seed});
  const auto summary = data::summarise(set);
  Json counts = Json::object();
  const auto in_all = data::count_of_all(options.source);
  const bool part = in_all && *in_all > set.size();
  std::string text = fmt::format("{}: {}{} images [{}]\n", set.name, set.size(),
                                 part ? fmt::format(" of {}", *in_all) : "",
                                 fmt::join(set.images.sizes().slice(1), " x "));
  for (std::size_t i = 0; i < set.classes.size(); ++i) {
    counts[set.classes[i]] = summary.counts[i];
    text += fmt::format("  {:<20} {}\n", set.classes[i], summary.counts[i]);
  }
  const bool masks = set.masks.defined();
  text += fmt::format(
      "mean {:.4f}, deviation {:.4f}, {}{}\n", fmt::join(summary.mean, " "),
      fmt::join(summary.deviation, " "),
      masks ? fmt::format("mask share {:.4f}", summary.mask_share) : "no masks",
      summary.with_shortcut > 0 ? fmt::format(", with a shortcut {}", summary.with_shortcut) : "");
  emit_and_save(options.common,
                Json{{"name", set.name},
                     {"images", shape_of(set)},
                     {"images_in_all", in_all ? Json(*in_all) : Json()},
                     {"counts", counts},
                     {"mean", summary.mean},
                     {"deviation", summary.deviation},
                     {"mask_share", masks ? Json(summary.mask_share) : Json()},
                     {"with_shortcut", summary.with_shortcut},
                     {"hash", set.hash}},
                text);
}

void add_make(CLI::App& parent) {
  const auto options = std::make_shared<MakeOptions>();
  auto& command =
      add_command(parent, "make", "generate labelled images with masks",
                  "  ranklens data make scenes --count 100 --seed 1 --out D", options->common,
                  Out::folder, {.device = false, .dtype = false, .quiet = false});
  command.get_option("--out")->description(
      "the folder that the images go to; required, but for --page");
  command.add_option("kind", options->kind, "scenes")->required();
  command.add_option("--count", options->scenes.count, "how many images")
      ->check(whole_number(1, 10'000'000))
      ->capture_default_str();
  command.add_option("--split", options->split, "train or test: disjoint streams")
      ->check(CLI::IsMember({"train", "test"}))
      ->capture_default_str();
  command.add_option("--size", options->scenes.size, "pixels a side")
      ->check(whole_number(16, 512))
      ->capture_default_str();
  command.add_flag("--grey", options->scenes.grey, "one channel");
  command.add_option("--shortcut", options->shortcut, "plant a patch: class=3,patch,p=0.9");
  command.add_option("--page", options->page,
                     "write the page about the classes, with pictures, to this folder instead");
  command.callback([options] { make(*options); });
}

void add_inspect(CLI::App& parent) {
  const auto options = std::make_shared<InspectOptions>();
  options->common.seed = 0;  // the scenes that train, evaluate and study take
  auto& command =
      add_command(parent, "inspect", "say what a data set holds",
                  "  ranklens data inspect cifar10:DIR --split test --json", options->common,
                  Out::json_file, {.device = false, .dtype = false, .quiet = false});
  command.add_option("source", options->source, data::kSources)->required();
  command.add_option("--split", options->split, "train, test or all")
      ->check(CLI::IsMember({"train", "test", "all"}))
      ->capture_default_str();
  command.add_flag("--grey", options->grey, "one channel");
  command.add_option("--limit", options->limit, "at most so many images (0: all)")
      ->check(whole_number(0));
  command.callback([options] { inspect(*options); });
}

}  // namespace

void add_data(CLI::App& root) {
  CLI::App& data = *root.add_subcommand("data", "make data, or say what a data set holds");
  data.require_subcommand(1);
  data.footer("\nExample:\n  ranklens data make scenes --count 100 --seed 1 --out D");
  add_make(data);
  add_inspect(data);
}

}  // namespace ranklens::app
