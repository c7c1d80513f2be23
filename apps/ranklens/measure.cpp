#include <memory>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/mean.h>

#include "ranklens/base/error.h"
#include "ranklens/base/npy.h"
#include "ranklens/explain/scores.h"
#include "ranklens/metrics/localisation.h"
#include "ranklens/metrics/registry.h"
#include "ranklens/train/compute.h"

#include "checks.h"
#include "commands.h"
#include "image_files.h"
#include "model.h"
#include "values.h"

namespace ranklens::app {
namespace {

struct MeasureOptions {
  Common common;
  ModelOptions model;
  std::string maps, masks, others, images, targets, metrics;
  std::int64_t batch = 64;
};

/// What faithfulness needs: the images, their targets, and the network that scores them.
void add_network(MeasureOptions options, metrics::Subject& subject) {
  base::require(!options.images.empty() && !options.targets.empty(),
                "faithfulness needs --model, --images and --targets together");
  const auto& common = options.common;
  subject.images = read_images(options.images);
  if (nn::zoo::contains(options.model.model)) {
    options.model.shape.channels = subject.images.size(1);
    options.model.shape.size = subject.images.size(2);
  }
  const auto opened = open_model(options.model, common, Fetched::wanted);
  require_finite_weights(opened);
  require_shape(subject.images, image_shape(opened.network()),
                fmt::format("the images in '{}'", options.images));
  base::require(subject.maps.size(0) == subject.images.size(0), "there are {} maps but {} images",
                subject.maps.size(0), subject.images.size(0));
  subject.targets =
      read_targets(options.targets, subject.images.size(0), class_count(opened.network()));
  warn_if_untrained(opened, common);
  const auto type = common.compute_dtype() == c10::kDouble ? c10::kDouble : c10::kFloat;
  subject.images = subject.images.to(type);
  std::vector<std::string> notes;
  auto network = explain::explained(opened.network(), notes);
  if (common.compute_dtype() == c10::kBFloat16) {
    network.state = train::state_for(network.graph, network.state, train::Compute::bfloat16);
  }
  subject.score = [network, device = common.torch_device()](const at::Tensor& images) {
    const c10::NoGradGuard no_gradients;
    return network(images.to(device));
  };
}

metrics::Subject read_subject(const MeasureOptions& options) {
  metrics::Subject subject{.maps = base::read_npy(options.maps), .batch = options.batch};
  base::require(subject.maps.dim() == 3 && subject.maps.numel() > 0,
                "'{}' holds an {}array of shape [{}]; maps [N, H, W] are needed", options.maps,
                subject.maps.numel() == 0 ? "empty " : "", fmt::join(subject.maps.sizes(), ", "));
  if (!options.masks.empty()) subject.masks = base::read_npy(options.masks);
  if (!options.others.empty()) subject.others = base::read_npy(options.others);
  const bool network = !options.model.model.empty();
  base::require(network || (options.images.empty() && options.targets.empty()),
                "faithfulness needs --model, --images and --targets together");
  if (network) add_network(options, subject);
  return subject;
}

/// The metrics asked for by name, else all that can be computed.
std::vector<const metrics::Metric*> chosen(const std::string& names,
                                           const metrics::Subject& subject) {
  if (names.empty()) return metrics::applicable(subject);
  std::vector<const metrics::Metric*> list;
  for (const auto& name : split_list(names)) list.push_back(&metrics::find(name));
  return list;
}

/// Says how many masks cannot tell maps apart: they are in the means.
void add_uninformative(const at::Tensor& masks, Json& answer, std::string& text) {
  const auto all = masks.size(0);
  const auto none = all - metrics::informative(masks).sum().item<std::int64_t>();
  answer["uninformative_masks"] = none;
  if (none == 0) return;
  text += fmt::format(
      "{} of {} masks {} empty or full: there every map has the same localisation, and the means "
      "count {} too\n",
      none, all, none == 1 ? "is" : "are", none == 1 ? "it" : "them");
}

void measure(const MeasureOptions& options) {
  start(options.common);
  const auto subject = read_subject(options);
  Json scores = Json::object();
  std::string text =
      fmt::format("{:<26} {:<14} {:<7} {:>10}\n", "metric", "family", "better", "mean");
  const auto list = chosen(options.metrics, subject);
  const auto measured = metrics::measure(list, subject);
  for (std::size_t k = 0; k < list.size(); ++k) {
    const auto* metric = list[k];
    const at::Tensor& values = measured[k];
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
  Json answer{{"images", subject.maps.size(0)}, {"metrics", scores}};
  if (subject.masks.defined()) add_uninformative(subject.masks, answer, text);
  emit_and_save(options.common, answer, text);
}

}  // namespace

void add_measure(CLI::App& root) {
  const auto options = std::make_shared<MeasureOptions>();
  CLI::App& command = add_command(
      root, "measure", "score maps against masks, other maps, or the network they explain",
      "  ranklens measure --maps maps/gradcam.npy --masks D/masks.npy --json\n"
      "  ranklens measure --maps maps/gradcam.npy --model M.safetensors --images D/images.npy \\\n"
      "    --targets maps/targets.npy --metrics deletion,insertion",
      options->common, Out::json_file);
  const auto add = [&](const char* name, auto& value, const char* text) {
    return command.add_option(name, value, text);
  };
  add("--maps", options->maps, "the maps, .npy [N,H,W]")->required();
  add("--masks", options->masks, "what they should show, .npy [N,H,W], 0 is outside");
  add("--others", options->others, "maps to compare with, .npy [N,H,W]");
  add("--model", options->model.model, "the network that is explained, for faithfulness");
  add("--images", options->images, "its images, .npy [N,C,H,W] or [N,H,W]");
  add("--targets", options->targets, "the classes that are explained, .npy [N]");
  add("--metrics", options->metrics, "only these, such as deletion,insertion (default: all)");
  add("--batch", options->batch, "images that the network takes at a time")
      ->check(whole_number(1, 1 << 20))
      ->capture_default_str();
  add_network_options(command, options->model);
  command.callback([options] { measure(*options); });
}

}  // namespace ranklens::app
