#include <memory>

#include <ATen/ops/mean.h>

#include "ranklens/base/error.h"
#include "ranklens/base/npy.h"
#include "ranklens/metrics/registry.h"

#include "commands.h"

namespace ranklens::app {
namespace {

struct MeasureOptions {
  Common common;
  std::string maps;
  std::string masks;
  std::string others;
};

void measure(const MeasureOptions& options) {
  start(options.common);
  metrics::Subject subject{.maps = base::read_npy(options.maps)};
  if (!options.masks.empty()) subject.masks = base::read_npy(options.masks);
  if (!options.others.empty()) subject.others = base::read_npy(options.others);

  Json scores = Json::object();
  std::string text =
      fmt::format("{:<26} {:<14} {:<7} {:>10}\n", "metric", "family", "better", "mean");
  for (const auto* metric : metrics::applicable(subject)) {
    const at::Tensor values = metrics::measure(*metric, subject);
    const double mean = values.mean().item<double>();
    scores[std::string(metric->name)] = {
        {"family", metrics::to_string(metric->family)},
        {"better", metrics::to_string(metric->direction)},
        {"mean", mean},
        {"values", std::vector<double>(values.const_data_ptr<double>(),
                                       values.const_data_ptr<double>() + values.numel())}};
    text += fmt::format("{:<26} {:<14} {:<7} {:>10.4f}\n", metric->name,
                        metrics::to_string(metric->family), metrics::to_string(metric->direction),
                        mean);
  }
  emit_and_save(options.common, Json{{"images", subject.maps.size(0)}, {"metrics", scores}}, text);
}

}  // namespace

void add_measure(CLI::App& root) {
  const auto options = std::make_shared<MeasureOptions>();
  CLI::App& command = add_command(
      root, "measure", "score maps against masks or against other maps",
      "  ranklens measure --maps D/gradcam.npy --masks D/masks.npy --json", options->common);
  command.add_option("--maps", options->maps, "the maps, .npy [N,H,W]")->required();
  command.add_option("--masks", options->masks,
                     "what they should show, .npy [N,H,W], 0 is outside");
  command.add_option("--others", options->others, "maps to compare with, .npy [N,H,W]");
  command.callback([options] { measure(*options); });
}

}  // namespace ranklens::app
