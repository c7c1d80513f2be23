#include <set>

#include "ranklens/base/error.h"
#include "ranklens/report/page_parts.h"

namespace ranklens::report {

namespace {

using Ids = std::set<std::string>;

template <class Item>
Ids ids_of(const std::vector<Item>& items, const char* what) {
  Ids ids;
  for (const Item& item : items)
    base::require(ids.insert(item.id).second, "the report lists the {} '{}' twice", what, item.id);
  return ids;
}

void require_id(const Ids& ids, const std::string& id, const char* what) {
  base::require(ids.count(id) > 0, "the report refers to the {} '{}', which it does not list{}",
                what, id, base::nearest_hint(id, {ids.begin(), ids.end()}));
}

template <class Values>
void require_keys(const Ids& ids, const Values& values, const char* what) {
  for (const auto& [id, value] : values) require_id(ids, id, what);
}

void check_curve(const Curve& curve) {
  const std::size_t epochs = curve.epoch.size();
  for (const auto* series : {&curve.seconds, &curve.train_loss, &curve.train_accuracy,
                             &curve.validation_loss, &curve.validation_accuracy})
    base::require(series->empty() || series->size() == epochs,
                  "the curve of '{}', seed {}, has {} epochs, but {} values in a series", curve.arm,
                  curve.seed, epochs, series->size());
}

void check_chart(const Chart& chart, const Ids& arms) {
  base::require(chart.lines.empty() || chart.dots.empty(), "the chart '{}' has both lines and dots",
                chart.id);
  for (const ChartLine& line : chart.lines) {
    require_id(arms, line.arm, "arm");
    base::require(line.x.size() == line.y.size(),
                  "a line of the chart '{}' has {} places and {} values", chart.id, line.x.size(),
                  line.y.size());
    base::require(line.places.empty() || line.places.size() == line.x.size(),
                  "a line of the chart '{}' has {} places and {} names of them", chart.id,
                  line.x.size(), line.places.size());
  }
}

}  // namespace

void check(const ReportData& data) {
  const Ids arms = ids_of(data.arms, "arm"), methods = ids_of(data.methods, "method"),
            metrics = ids_of(data.metrics, "metric"), images = ids_of(data.images, "image");
  for (const Metric& metric : data.metrics)
    base::require(!metric.family.empty(), "the metric '{}' belongs to no family", metric.id);
  Ids arms_or_none = arms;
  arms_or_none.insert("");
  for (const Verdict& verdict : data.verdicts) require_id(arms_or_none, verdict.arm, "arm");
  for (const Curve& curve : data.curves) {
    require_id(arms, curve.arm, "arm");
    check_curve(curve);
  }
  ids_of(data.charts, "chart");
  for (const Chart& chart : data.charts) check_chart(chart, arms);
  for (const Score& score : data.scores) {
    require_id(arms_or_none, score.arm, "arm");
    require_id(methods, score.method, "method");
    require_keys(metrics, score.values, "metric");
  }
  for (const Map& map : data.maps) {
    require_id(images, map.image, "image");
    require_id(arms_or_none, map.arm, "arm");
    require_id(methods, map.method, "method");
    require_keys(metrics, map.values, "metric");
  }
  for (const Prediction& one : data.predictions) {
    require_id(images, one.image, "image");
    require_id(arms_or_none, one.arm, "arm");
  }
  for (const Grid& grid : data.grids) {
    for (const auto& id : grid.images) require_id(images, id, "image");
    for (const auto& id : grid.arms) require_id(arms, id, "arm");
    for (const auto& id : grid.methods) require_id(methods, id, "method");
    base::require(grid.columns >= 1 && grid.columns <= 32,
                  "the grid '{}' has {} columns; 1 to 32 fit", grid.title, grid.columns);
  }
  for (const Stage& stage : data.stages) require_id(arms_or_none, stage.arm, "arm");
}

}  // namespace ranklens::report
