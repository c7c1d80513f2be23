// The page of `explain`.
#include <set>

#include <fmt/ranges.h>

#include "ranklens/base/threads.h"
#include "ranklens/base/version.h"
#include "ranklens/explain/labels.h"
#include "ranklens/explain/maps.h"
#include "ranklens/explain/methods.h"
#include "ranklens/report/heatmap.h"

#include "command_line.h"
#include "explain.h"

namespace ranklens::app {
namespace {

constexpr std::int64_t kMostShown = 64;
constexpr const char* kArm = "model";

std::string image_id(std::int64_t k) { return fmt::format("i{}", k); }

/// A map as it is drawn: one channel, as large as the image.
at::Tensor drawable(const at::Tensor& map, const at::Tensor& image) {
  auto one = map.unsqueeze(0).to(at::kFloat);
  if (one.dim() == 4) one = explain::reduce_channels(one, explain::Channels::sum);
  if (one.size(1) != image.size(1) || one.size(2) != image.size(2)) {
    one = explain::resize(one, image.size(1), image.size(2));
  }
  return one[0];
}

/// "Grad-CAM", "Grad-CAM, untrained network", and with a number where a method is run again.
std::string label_of(const Explanation& explanation) {
  const auto inner = explain::untrained_of(explanation.spec);
  const auto own = inner.value_or(explanation.spec);
  const auto name = own.substr(0, own.find('('));
  const auto id = explanation.id(), first = name + (inner ? "-untrained" : "");
  return explain::method_label(name) + (inner ? ", untrained network" : "") +
         (id == first ? "" : fmt::format(" ({})", id.substr(first.size() + 1)));
}

void add_image(std::int64_t k, const OpenedModel& opened, const Subjects& subjects,
               report::ReportData& data) {
  const auto target = subjects.targets[k].item<std::int64_t>();
  const bool photo = !subjects.names.empty();
  data.images.push_back(
      {.id = image_id(k),
       .title = photo ? subjects.names[static_cast<std::size_t>(k)] : std::to_string(k),
       .label = "explained: " + opened.class_name(target),
       .png = report::photo_png(subjects.images[k])});
  report::Prediction prediction{.image = image_id(k), .arm = kArm};
  for (const auto& [index, probability] : subjects.best(k)) {
    prediction.classes.emplace_back(opened.class_name(index), probability);
  }
  data.predictions.push_back(std::move(prediction));
}

void add_explanation(const Explanation& explanation, const Subjects& subjects, std::int64_t shown,
                     report::ReportData& data) {
  const auto& attribution = explanation.attribution;
  data.methods.push_back({.id = explanation.id(),
                          .label = label_of(explanation),
                          .description = fmt::format("{}", fmt::join(attribution.notes, "; "))});
  bool clipped = false;
  for (std::int64_t k = 0; k < shown; ++k) {
    const auto map = drawable(attribution.maps[k], subjects.images[k]);
    const auto drawn = report::without_outliers(map);
    clipped = clipped || !drawn.is_same(map);
    data.maps.push_back({.image = image_id(k),
                         .arm = kArm,
                         .method = explanation.id(),
                         .picture = report::grey_map(drawn)});
  }
  if (clipped) {
    data.notes.push_back(label_of(explanation) +
                         ": a few values are far above all others; they are drawn as the 99th "
                         "percentile of their map, and files keep them.");
  }
  data.stages.push_back({label_of(explanation), "", explanation.seconds});
  const auto settings = Json::parse(attribution.options);
  for (const auto& [key, value] : settings.items()) {
    data.configuration.push_back(
        {label_of(explanation), key, value.is_string() ? value.get<std::string>() : value.dump()});
  }
}

}  // namespace

report::ReportData explanation_page(const ExplainOptions& options, const OpenedModel& opened,
                                    const Subjects& subjects,
                                    const std::vector<Explanation>& explanations) {
  const auto count = subjects.images.size(0), shown = std::min(count, kMostShown);
  const bool photos = !subjects.names.empty();
  report::ReportData data;
  data.title =
      fmt::format("{} on {}", opened.name,
                  photos && count == 1 ? subjects.names[0] : fmt::format("{} images", count));
  data.lead = fmt::format("What the network takes {} for, and where it looks.",
                          count == 1 ? "the image" : fmt::format("{} images", count));
  data.command = command_line();
  if (shown < count) {
    data.notes.push_back(fmt::format("The first {} of {} images are shown.", shown, count));
  }
  if (const auto note = untrained_note(opened); !note.empty()) data.notes.push_back(note + ".");
  data.arms = {{.id = kArm, .label = opened.name, .reference = true}};
  for (std::int64_t k = 0; k < shown; ++k) add_image(k, opened, subjects, data);
  report::Grid grid{.layout = photos ? report::Layout::Gallery : report::Layout::Rows,
                    .arms = {kArm}};
  for (const auto& image : data.images) grid.images.push_back(image.id);
  std::set<std::string> said;
  for (const auto& explanation : explanations) {
    add_explanation(explanation, subjects, shown, data);
    grid.methods.push_back(explanation.id());
    for (const auto& note : explanation.attribution.notes) {
      if (said.insert(note).second) data.notes.push_back(label_of(explanation) + ": " + note);
    }
    if (const auto& layer = explanation.attribution.layer; !layer.empty()) {
      data.facts.emplace_back("layer of " + label_of(explanation), layer);
    }
  }
  data.grids.push_back(std::move(grid));
  data.provenance = {{"ranklens", base::version_and_commit()},
                     {"libtorch", base::libtorch_version()},
                     {"seed", std::to_string(options.common.seed)},
                     {"threads", std::to_string(base::threads())},
                     {"dtype", options.common.dtype}};
  return data;
}

}  // namespace ranklens::app
