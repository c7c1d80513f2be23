#include "ranklens/report/study_pictures.h"

#include <set>

#include <ATen/TensorOperators.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ranklens/data/pixels.h"
#include "ranklens/report/labels.h"
#include "ranklens/study/arms.h"
#include "ranklens/study/keys.h"

namespace ranklens::report {
namespace {

std::string image_id(std::int64_t k) { return fmt::format("i{}", k); }

void add_photos(const study::Selection& images, ReportData& data) {
  const auto& set = images.data;
  for (std::int64_t k = 0; k < set.size(); ++k) {
    const auto label = static_cast<std::size_t>(set.labels[k].item<std::int64_t>());
    Photo photo;
    photo.id = image_id(k);
    photo.title = std::to_string(images.items[static_cast<std::size_t>(k)]);
    photo.label = set.classes.at(label);
    photo.png = photo_png(data::in_unit_range(set.images.select(0, k)));
    if (set.masks.defined()) photo.mask = mask_png(set.masks.select(0, k));
    data.images.push_back(std::move(photo));
  }
}

/// Whether some are drawn without their outliers.
bool add_maps(const std::string& arm, const study::Pictures& pictures, ReportData& data) {
  bool held = false;
  for (const auto& [method, maps] : pictures.maps) {
    for (std::int64_t k = 0; k < maps.size(0); ++k) {
      const auto whole = maps.select(0, k), drawn = without_outliers(whole);
      held = held || !drawn.is_same(whole);
      Map map{.image = image_id(k),
              .arm = arm,
              .method = method,
              .picture = grey_map(drawn),
              .values = {}};
      if (const auto values = pictures.values.find(method); values != pictures.values.end()) {
        for (const auto& metric : data.metrics) {
          if (const auto value = values->second.find(metric.id); value != values->second.end())
            map.values[metric.id] = value->second[k].item<double>();
        }
      }
      data.maps.push_back(std::move(map));
    }
  }
  return held;
}

/// What each arm's network takes the images for; cells of earlier versions do not say.
void add_predictions(const std::string& arm, const study::Pictures& pictures,
                     const std::vector<std::string>& classes, ReportData& data) {
  if (!pictures.predicted.defined()) return;
  for (std::int64_t k = 0; k < pictures.predicted.size(0); ++k) {
    const auto label = static_cast<std::size_t>(pictures.predicted[k].item<std::int64_t>());
    data.predictions.push_back(
        {.image = image_id(k),
         .arm = arm,
         .classes = {{classes.at(label), pictures.probability[k].item<double>()}}});
  }
}

/// Which networks made the maps: of one seed where all arms have one in common.
std::string networks_shown(const study::Results& results) {
  std::vector<std::string> each;
  std::set<std::uint64_t> seeds;
  for (const auto& name : results.config.arms) {
    const auto found = results.pictures.find(name);
    if (found == results.pictures.end()) continue;
    seeds.insert(found->second.seed);
    each.push_back(fmt::format("{} of seed {}", study::arm_label(name), found->second.seed));
  }
  if (seeds.size() == 1) return fmt::format("the networks of seed {}", *seeds.begin());
  return fmt::format("no seed is finished in every arm: {}", fmt::join(each, "; "));
}

/// A few images side by side over all arms, then for each group of images the blocks of a paper's
/// figure.
void add_grids(const study::Results& results, const study::Selection& images, bool held,
               ReportData& data) {
  constexpr std::int64_t shown = 6;
  std::vector<std::string> methods;
  for (const auto& spec : results.config.methods) methods.push_back(study::method_name(spec));
  Grid rows{
      .title = "Images, arms and methods side by side",
      .note = fmt::format("Every map from its lowest to its highest value on one colour "
                          "scale; {}. {}Choose a picture to see it large.",
                          networks_shown(results), held ? kOutliersNote + std::string(" ") : ""),
      .layout = Layout::Rows,
      .columns = 4,
      .images = {},
      .arms = results.config.arms,
      .methods = methods};
  for (std::int64_t k = 0; k < std::min(shown, images.data.size()); ++k)
    rows.images.push_back(image_id(k));
  data.grids.push_back(std::move(rows));
  const bool train = study::selection_split(results.config.images) == data::Split::train;
  const char* of_part = train ? " · training images" : " · held-out images";
  std::int64_t first = 0;
  for (const auto& group : images.groups) {
    Grid tiles{.title = capitalised(group.title) + of_part,
               .note = "",
               .layout = Layout::Tiles,
               .columns = group.count > 16 ? 8 : 4,
               .images = {},
               .arms = results.config.arms,
               .methods = methods};
    for (std::int64_t k = first; k < first + group.count; ++k) tiles.images.push_back(image_id(k));
    first += group.count;
    data.grids.push_back(std::move(tiles));
  }
}

}  // namespace

void add_pictures(const study::Results& results, const study::Selection& images, ReportData& data) {
  if (results.pictures.empty()) return;
  add_photos(images, data);
  bool held = false;
  for (const auto& [arm, pictures] : results.pictures) {
    held = add_maps(arm, pictures, data) || held;
    add_predictions(arm, pictures, images.data.classes, data);
  }
  add_grids(results, images, held, data);
}

}  // namespace ranklens::report
