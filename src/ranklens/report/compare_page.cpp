#include "ranklens/report/compare_page.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/topk.h>
#include <fmt/format.h>

#include "ranklens/data/pixels.h"
#include "ranklens/explain/maps.h"
#include "ranklens/metrics/registry.h"
#include "ranklens/report/labels.h"
#include "ranklens/study/keys.h"

namespace ranklens::report {
namespace {

constexpr const char* kFirst = "first";
constexpr const char* kSecond = "second";

std::string compared_image(std::int64_t k) { return fmt::format("i{}", k); }

/// The answers, likeliest first; the true class is marked among them.
void add_answers(const at::Tensor& probabilities, std::int64_t k, const char* arm,
                 const std::vector<std::string>& classes, std::size_t truth, ReportData& data) {
  const auto most = std::min<std::int64_t>(5, probabilities.size(1));
  const auto [values, places] = at::topk(probabilities[k], most);
  Prediction prediction{.image = compared_image(k), .arm = arm};
  for (std::int64_t i = 0; i < most; ++i) {
    const auto place = static_cast<std::size_t>(places[i].item<std::int64_t>());
    prediction.classes.emplace_back(classes.at(place) + (place == truth ? " (true)" : ""),
                                    values[i].item<double>());
  }
  data.predictions.push_back(std::move(prediction));
}

void add_map(const study::ComparedMaps& maps, std::int64_t k, const at::Tensor& image,
             ReportData& data) {
  for (const auto& [arm, all] :
       {std::pair{kFirst, &maps.first}, std::pair{kSecond, &maps.second}}) {
    auto map = (*all)[k].unsqueeze(0).to(at::kFloat);
    if (map.size(1) != image.size(1) || map.size(2) != image.size(2))
      map = explain::resize(map, image.size(1), image.size(2));
    Map shown{.image = compared_image(k),
              .arm = arm,
              .method = study::method_name(maps.method),
              .picture = grey_map(without_outliers(map[0])),
              .values = {}};
    for (const auto& [metric, values] : maps.per_image)
      shown.values[metric] = values[static_cast<std::size_t>(k)];
    data.maps.push_back(std::move(shown));
  }
}

}  // namespace

Table compared_networks(const study::Comparison& found, const CompareLabels& labels) {
  Table table{
      .id = "networks",
      .title = "The two networks",
      .columns = {{.title = "network"},
                  {.title = "accuracy", .format = Format::Percent, .better = Better::Higher},
                  {.title = "loss", .format = Format::Number, .better = Better::Lower},
                  {.title = "parameters", .format = Format::Integer, .better = Better::Lower},
                  {.title = "FLOPs",
                   .unit = "an image",
                   .format = Format::Integer,
                   .better = Better::Lower},
                  {.title = "speed",
                   .unit = "images/s",
                   .format = Format::Number,
                   .better = Better::Higher,
                   .decimals = 0}}};
  for (const auto& [label, network] :
       {std::pair{labels.first, found.first}, std::pair{labels.second, found.second}}) {
    table.rows.push_back({{label, network.accuracy, network.loss, network.parameters, network.flops,
                           network.images_per_second}});
  }
  return table;
}

Table compared_maps(const study::Comparison& found) {
  Table table{.id = "agreement",
              .title = "How the maps of both networks agree",
              .note =
                  "Mean over the images with its 95 % interval, cut where the metric ends; 1 for "
                  "equal maps.",
              .columns = {{.title = "method"}}};
  if (found.maps.empty()) return table;
  for (const auto& [metric, summary] : found.maps.front().agreement)
    table.columns.push_back({.title = metric_label(metric).label,
                             .format = Format::Number,
                             .better = Better::Higher,
                             .decimals = 3});
  for (const auto& maps : found.maps) {
    Row row{.cells = {method_label(study::method_name(maps.method))}};
    for (const auto& [metric, summary] : maps.agreement)
      row.cells.emplace_back(within_bounds(estimate(summary), metric));
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::string accuracy_change(const study::Comparison& found) {
  const auto& difference = found.accuracy_difference;
  auto text = fmt::format("{:+.2f} percentage points", 100 * difference.mean);
  // Without any spread the interval has no width, which is no certainty.
  if (difference.lower < difference.upper)
    text += fmt::format(" (95 % interval over images {:+.2f} to {:+.2f})", 100 * difference.lower,
                        100 * difference.upper);
  text += fmt::format(": {} {} lost, {} gained", found.lost, found.lost == 1 ? "image" : "images",
                      found.gained);
  return text;
}

ReportData compare_page(const study::Comparison& found, const data::Dataset& set,
                        const CompareLabels& labels, std::int64_t shown) {
  ReportData data;
  data.title = fmt::format("{} beside {}", labels.second, labels.first);
  data.lead =
      fmt::format("Accuracy changes by {}; both give the same answer on {:.1f} % of {} images.",
                  accuracy_change(found), 100 * found.same_answers, set.size());
  data.command = labels.command;
  data.notes.push_back(
      "Intervals are over images: they say how far figures would move with other images, not with "
      "another training.");
  data.notes.emplace_back(kOutliersNote);
  data.notes.push_back("Both networks are asked about the answer of the first.");
  // Their numbers stand in a table of their own.
  data.arms = {{.id = kFirst, .label = labels.first, .reference = true},
               {.id = kSecond, .label = labels.second}};
  for (const auto& maps : found.maps) {
    const auto id = study::method_name(maps.method);
    data.methods.push_back({.id = id, .label = method_label(id), .description = maps.method});
  }
  if (!found.maps.empty()) {
    for (const auto& [metric, summary] : found.maps.front().agreement) {
      const auto [label, unit] = metric_label(metric);
      data.metrics.push_back({.id = metric,
                              .label = label,
                              .family = "agreement",
                              .unit = unit,
                              .better = Better::Higher,
                              .description = std::string(metrics::find(metric).summary)});
    }
  }
  const auto count = std::min<std::int64_t>(shown, static_cast<std::int64_t>(found.moved.size()));
  Grid grid{.title = "Images whose maps moved most",
            .note = "The least alike first, by the rank correlation of the two networks' maps.",
            .layout = Layout::Rows,
            .arms = {kFirst, kSecond}};
  for (const auto& method : data.methods) grid.methods.push_back(method.id);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto k = found.moved[static_cast<std::size_t>(i)];
    const auto image = data::in_unit_range(set.images.narrow(0, k, 1))[0];
    const auto label = static_cast<std::size_t>(set.labels[k].item<std::int64_t>());
    data.images.push_back({.id = compared_image(k),
                           .title = std::to_string(k),
                           .label = "true class: " + set.classes.at(label),
                           .png = photo_png(image)});
    grid.images.push_back(compared_image(k));
    add_answers(found.first_probabilities, k, kFirst, set.classes, label, data);
    add_answers(found.second_probabilities, k, kSecond, set.classes, label, data);
    for (const auto& maps : found.maps) add_map(maps, k, image, data);
  }
  data.grids.push_back(std::move(grid));
  data.tables = {compared_networks(found, labels), compared_maps(found)};
  return data;
}

}  // namespace ranklens::report
