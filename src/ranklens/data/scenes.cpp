#include "ranklens/data/scenes.h"

#include <algorithm>
#include <cstring>

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "ranklens/base/error.h"
#include "ranklens/base/interrupt.h"
#include "ranklens/base/memory.h"
#include "ranklens/base/parallel.h"
#include "ranklens/base/spec.h"
#include "ranklens/data/scenes/figures.h"
#include "ranklens/data/scenes/scene.h"

namespace ranklens::data {
namespace {

using base::require;

std::vector<std::string> class_names() {
  std::vector<std::string> names;
  for (const auto& figure : scenes::figures()) names.push_back(figure.name);
  return names;
}

int class_number(const std::string& text) {
  const auto names = class_names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (text == names[i] || text == std::to_string(i)) return static_cast<int>(i);
  }
  base::fail("shortcut: the class '{}' is none of 0 to {} and no name of one{}", text,
             names.size() - 1, base::nearest_hint(text, names));
}

void put(const std::vector<std::uint8_t>& values, const at::Tensor& all, std::int64_t item) {
  std::memcpy(
      all.mutable_data_ptr<std::uint8_t>() + item * static_cast<std::int64_t>(values.size()),
      values.data(), values.size());
}

}  // namespace

std::optional<Shortcut> read_shortcut(base::SpecReader& spec, std::string_view key) {
  Shortcut shortcut;
  shortcut.probability = spec.number("p", shortcut.probability, 0, 1);
  shortcut.elsewhere = spec.number("elsewhere", shortcut.elsewhere, 0, 1);
  if (!spec.has(key)) {
    require(!spec.has("p") && !spec.has("elsewhere"),
            "p and elsewhere are of a shortcut, but {} names no class for one", key);
    return std::nullopt;
  }
  shortcut.label = class_number(spec.text(key, ""));
  return shortcut;
}

Shortcut parse_shortcut(std::string_view text) {
  base::SpecReader spec(fmt::format("shortcut({})", text), "option");
  require(spec.has("class"), "the shortcut '{}' names no class; an example: class=3,patch,p=0.9",
          text);
  require(spec.flag("patch", true), "the only shortcut there is is a patch");
  const auto shortcut = read_shortcut(spec, "class");
  spec.finish();
  return *shortcut;
}

Dataset make_scenes(const SceneOptions& options) {
  require(options.count >= 1, "scenes: at least one image is needed, not {}", options.count);
  require(options.size >= 16 && options.size <= 512,
          "scenes: a picture has 16 to 512 pixels a side, not {}", options.size);
  require(options.split != Split::all, "scenes: train or test images are drawn, not both at once");
  const SceneLook& look = options.look;
  require(look.area_low > 0 && look.area_low <= look.area_high &&
              look.contrast_low <= look.contrast_high && look.distractors_low >= 0 &&
              look.distractors_low <= look.distractors_high,
          "scenes: a range of the look has its ends the wrong way round, or lies below 0");
  const std::string_view part = name_of(options.split);
  const std::int64_t n = options.count, side = options.size;
  const int layers = (options.grey ? 1 : 3) + (options.shortcut ? 2 : 1);  // pixels and masks
  base::require_memory(static_cast<double>(n) * static_cast<double>(side * side * layers),
                       fmt::format("a set of {} scenes of {}x{} pixels", n, side, side));
  Dataset data;
  data.images = at::empty({n, options.grey ? 1 : 3, side, side}, at::kByte);
  data.labels = at::empty({n}, at::kLong);
  data.masks = at::empty({n, side, side}, at::kByte);
  if (options.shortcut) data.shortcut_masks = at::empty({n, side, side}, at::kByte);
  data.classes = class_names();
  auto* labels = data.labels.mutable_data_ptr<std::int64_t>();
  base::parallel_over(n, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      if (base::interrupted()) throw base::SystemError("interrupted while images were generated");
      const scenes::Scene scene = scenes::draw(options, part, i);
      labels[i] = scene.label;
      put(scene.pixels, data.images, i);
      put(scene.mask, data.masks, i);
      if (options.shortcut) put(scene.shortcut, data.shortcut_masks, i);
    }
  });
  data.name = "scenes";
  data.hash = content_hash(data);
  return data;
}

}  // namespace ranklens::data
