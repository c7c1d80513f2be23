#include <cmath>
#include <string_view>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include "ranklens/base/clock.h"
#include "ranklens/base/interrupt.h"
#include "ranklens/data/pixels.h"
#include "ranklens/explain/methods.h"
#include "ranklens/metrics/registry.h"
#include "ranklens/study/keys.h"
#include "ranklens/study/make_cell.h"
#include "ranklens/train/compute.h"

namespace ranklens::study {
namespace {

/// One set of maps that is scored: a method on the trained network, on the untrained one, or a
/// control.
struct Series {
  std::string key;
  std::string spec;
  const nn::Network* network;
};

/// Over images that are shown twice once.
Values means(const std::map<std::string, at::Tensor>& per_image, const at::Tensor& places) {
  Values values;
  for (const auto& [metric, value] : per_image) {
    const double mean = value.index_select(0, places).mean().item<double>();
    if (std::isfinite(mean)) values[metric] = mean;  // JSON has no other numbers
  }
  return values;
}

/// All metrics of one set of maps, or (`pairs`) of two sets against each other.
std::map<std::string, at::Tensor> measured(const metrics::Subject& subject, bool pairs) {
  std::vector<const metrics::Metric*> chosen;
  for (const auto* metric : metrics::applicable(subject))
    if (metric->needs.second_map == pairs) chosen.push_back(metric);
  const auto all = metrics::measure(chosen, subject);
  std::map<std::string, at::Tensor> values;
  for (std::size_t k = 0; k < chosen.size(); ++k) values[std::string(chosen[k]->name)] = all[k];
  return values;
}

std::vector<Series> all_series(const Config& config, const nn::Network& trained,
                               const nn::Network& untrained) {
  std::vector<Series> series;
  for (const auto& spec : config.methods) series.push_back({method_name(spec), spec, &trained});
  for (const auto& spec : config.methods)
    series.push_back({untrained_key(method_name(spec)), spec, &untrained});
  for (const auto& method : explain::methods()) {
    const std::string name(method.name);
    if (!method.needs_network) series.push_back({name, name, nullptr});
  }
  return series;
}

/// Maps without a highest place, which score as uniform ones.
std::int64_t blank(const at::Tensor& maps, const at::Tensor& places) {
  const auto flat = maps.index_select(0, places).flatten(1);
  return flat.amax(1).eq(flat.amin(1)).sum().item<std::int64_t>();
}

/// The network in the layout it is fastest in, as it was in training.
nn::Network fast(const nn::Network& network, const RunOptions& options) {
  return {network.graph, train::laid_out(network.state, {.channels_last = options.channels_last})};
}

metrics::Subject subject_of(const Selection& selection, const nn::Network& network,
                            const RunOptions& options) {
  metrics::Subject subject;
  subject.masks = selection.data.masks;
  subject.images = data::in_unit_range(selection.data.images);
  subject.targets = selection.data.labels;
  const auto format =
      options.channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
  subject.score = [&network, format](const at::Tensor& batch) {
    return network(batch.contiguous(format));
  };
  // Large enough that contracting a tensor train's cores, once a batch, costs little.
  subject.batch = 256;
  return subject;
}

}  // namespace

void explain_cell(const Config& config, const RunOptions& options, const Selection& selection,
                  const nn::Network& trained, const nn::Network& untrained, MadeCell& made) {
  const auto network = fast(trained, options), fresh = fast(untrained, options);
  auto subject = subject_of(selection, network, options);
  const auto places = at::tensor(distinct(selection));
  std::map<std::string, at::Tensor> maps;
  base::Stopwatch watch;
  const auto series = all_series(config, network, fresh);
  double done = 0;
  for (const auto& item : series) {
    if (base::interrupted()) return;
    base::report(options.progress,
                 {.stage = fmt::format("explain {}", cell_name(made.cell.arm, made.cell.seed)),
                  .done = done++,
                  .total = static_cast<double>(series.size()),
                  .unit = "map sets",
                  .note = item.key});
    subject.maps = explain::attribute(item.spec, {.network = item.network,
                                                  .images = subject.images,
                                                  .targets = subject.targets,
                                                  .seed = made.cell.seed,
                                                  .execution = {.memory = options.memory}})
                       .maps;
    made.cell.seconds["explain"] += watch.restart();
    const auto per_image = measured(subject, false);
    made.cell.scores[item.key] = means(per_image, places);
    if (const auto count = blank(subject.maps, places); count > 0)
      made.cell.blank[item.key] = count;
    if (item.network == &network) {
      maps[item.key] = subject.maps;
      made.pictures.values[item.key] = per_image;
    }
    made.cell.seconds["measure"] += watch.restart();
  }
  for (std::size_t a = 0; a < config.methods.size(); ++a) {
    for (std::size_t b = a + 1; b < config.methods.size(); ++b) {
      const auto first = method_name(config.methods[a]), second = method_name(config.methods[b]);
      metrics::Subject pair;
      pair.maps = maps.at(first);
      pair.others = maps.at(second);
      made.cell.agreement[pair_key(first, second)] = means(measured(pair, true), places);
    }
  }
  made.pictures.maps = std::move(maps);
  made.cell.seconds["measure"] += watch.restart();
}

}  // namespace ranklens::study
