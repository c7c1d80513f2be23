#include <string_view>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include "ranklens/base/clock.h"
#include "ranklens/base/error.h"
#include "ranklens/base/interrupt.h"
#include "ranklens/data/pixels.h"
#include "ranklens/explain/methods.h"
#include "ranklens/metrics/localisation.h"
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

/// Which images count in a mean.
struct Counted {
  at::Tensor all;          ///< places, each image once though it may be shown twice
  at::Tensor informative;  ///< those of them whose masks can tell maps apart
};

Counted counted(const Selection& selection) {
  Counted places;
  places.all = places.informative = at::tensor(distinct(selection));
  if (const auto& masks = selection.data.masks; masks.defined())
    places.informative =
        places.all.masked_select(metrics::informative(masks).index_select(0, places.all));
  return places;
}

Values means(const std::map<std::string, at::Tensor>& per_image, const Counted& places,
             std::map<std::string, std::int64_t>* left_out = nullptr) {
  Values values;
  for (const auto& [metric, value] : per_image) {
    const bool masked = metrics::find(metric).needs.mask;
    const auto mine = value.index_select(0, masked ? places.informative : places.all);
    const auto finite = mine.masked_select(mine.isfinite());
    if (finite.numel() > 0) values[metric] = finite.mean().item<double>();
    const auto missing = places.all.numel() - finite.numel();
    if (left_out != nullptr && missing > 0) (*left_out)[metric] = missing;
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
  subject.images = data::in_unit_range(selection.data.images).to(options.device);
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

/// How the maps under two keys agree.
Values agreement(const std::map<std::string, at::Tensor>& maps, const std::string& first,
                 const std::string& second, const Counted& places) {
  metrics::Subject pair;
  pair.maps = maps.at(first);
  pair.others = maps.at(second);
  return means(measured(pair, true), places);
}

/// Every pair of methods against each other, on the trained and on the untrained network.
void measure_agreement(const Config& config, const std::map<std::string, at::Tensor>& maps,
                       const Counted& places, Cell& cell) {
  for (std::size_t a = 0; a < config.methods.size(); ++a) {
    for (std::size_t b = a + 1; b < config.methods.size(); ++b) {
      const auto first = method_name(config.methods[a]), second = method_name(config.methods[b]);
      const auto pair = pair_key(first, second);
      cell.agreement[pair] = agreement(maps, first, second, places);
      cell.agreement[untrained_key(pair)] =
          agreement(maps, untrained_key(first), untrained_key(second), places);
    }
  }
}

/// What the trained network takes the images for.
void predict(const metrics::Subject& subject, Pictures& pictures) {
  const at::NoGradGuard no_gradients;
  std::vector<at::Tensor> classes, probabilities;
  for (const auto& batch : subject.images.split(subject.batch)) {
    const auto [probability, best] = at::softmax(subject.score(batch).to(at::kDouble), 1).max(1);
    classes.push_back(best);
    probabilities.push_back(probability);
  }
  pictures.predicted = at::cat(classes).cpu();
  pictures.probability = at::cat(probabilities).to(at::kCPU, at::kFloat);
}

at::Tensor maps_of(const Series& item, const metrics::Subject& subject, const RunOptions& options,
                   const Cell& cell) {
  // Maps are scored where their masks are; fetching them also waits for the device.
  return explain::attribute(item.spec, {.network = item.network,
                                        .images = subject.images,
                                        .targets = subject.targets,
                                        .seed = cell.seed,
                                        .execution = {.memory = options.memory}})
      .maps.cpu();
}

/// Keeps the means of the metrics of a set of maps; returns those of each image.
std::map<std::string, at::Tensor> scored(const Series& item, const metrics::Subject& subject,
                                         const Counted& places, Cell& cell) {
  auto per_image = measured(subject, false);
  std::map<std::string, std::int64_t> left_out;
  cell.scores[item.key] = means(per_image, places, &left_out);
  if (!left_out.empty()) cell.left_out[item.key] = left_out;
  if (const auto count = blank(subject.maps, places.all); count > 0) cell.blank[item.key] = count;
  return per_image;
}

/// A training after which the network answers with numbers that are none has diverged, too.
void give_up(MadeCell& made, const std::string& why) {
  made.cell.failure =
      fmt::format("what it learned cannot be explained, {}: lower the learning rate", why);
  made.cell.scores.clear();
  made.cell.left_out.clear();
  made.cell.blank.clear();
  made.pictures = {};
}

}  // namespace

void explain_cell(const Config& config, const RunOptions& options, const Selection& selection,
                  const nn::Network& trained, const nn::Network& untrained, MadeCell& made) {
  const auto network = fast(trained, options), fresh = fast(untrained, options);
  auto subject = subject_of(selection, network, options);
  const auto places = counted(selection);
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
    try {
      subject.maps = maps_of(item, subject, options, made.cell);
      made.cell.seconds["explain"] += watch.restart();
      const auto per_image = scored(item, subject, places, made.cell);
      maps[item.key] = subject.maps;
      if (item.network == &network) {
        made.pictures.maps[item.key] = subject.maps;
        made.pictures.values[item.key] = per_image;
      }
    } catch (const base::NotFiniteError& error) {
      if (item.network != &network) throw;
      give_up(made, error.what());
      return;
    }
    made.cell.seconds["measure"] += watch.restart();
  }
  measure_agreement(config, maps, places, made.cell);
  predict(subject, made.pictures);
  made.cell.seconds["measure"] += watch.restart();
}

}  // namespace ranklens::study
