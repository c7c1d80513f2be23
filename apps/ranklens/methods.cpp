#include <memory>

#include "ranklens/metrics/registry.h"

#include "commands.h"

namespace ranklens::app {
namespace {

Json about_metrics() {
  Json list = Json::array();
  for (const auto& metric : metrics::all()) {
    Json needs = Json::array({"maps"});
    if (metric.needs.mask) needs.push_back("masks");
    if (metric.needs.second_map) needs.push_back("other maps");
    if (metric.needs.model) needs.push_back("model");
    list.push_back({{"name", metric.name},
                    {"family", metrics::to_string(metric.family)},
                    {"better", metrics::to_string(metric.direction)},
                    {"needs", needs},
                    {"summary", metric.summary},
                    {"source", metric.source}});
  }
  return list;
}

void methods(const Common& common) {
  start(common);
  std::string text = "metrics (measure, study)\n";
  for (const auto& metric : metrics::all()) {
    text +=
        fmt::format("  {:<26} {:<14} {:<7} {}\n", metric.name, metrics::to_string(metric.family),
                    metrics::to_string(metric.direction), metric.summary);
  }
  emit_and_save(common, Json{{"metrics", about_metrics()}}, text);
}

}  // namespace

void add_methods(CLI::App& root) {
  const auto common = std::make_shared<Common>();
  add_command(root, "methods", "list the methods and the metrics, with their sources",
              "  ranklens methods --json", *common)
      .callback([common] { methods(*common); });
}

}  // namespace ranklens::app
