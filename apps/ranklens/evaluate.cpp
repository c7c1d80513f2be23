#include "ranklens/train/evaluate.h"

#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>

#include "ranklens/base/interrupt.h"
#include "ranklens/base/progress.h"
#include "ranklens/train/classes.h"

#include "checks.h"
#include "commands.h"
#include "data_options.h"
#include "model.h"

namespace ranklens::app {
namespace {

struct EvaluateOptions {
  Common common;
  ModelOptions model;
  DataOptions data;
  std::string split = "test";
  std::int64_t batch = 512;
};

/// Whether these images decided which epoch's network this is, or how it was trained: then the
/// figures flatter it.
bool chosen_on(const OpenedModel& opened, const data::Dataset& set, const Common& common) {
  const auto found = opened.model.metadata.find(kChosenOn);
  if (found == opened.model.metadata.end() || found->second != set.hash) return false;
  if (!common.quiet) {
    std::cerr << fmt::format(
        "ranklens: these images chose the epoch of '{}' or its learning rate, so that figures of "
        "them flatter it; 'train --hold-out' leaves them out\n",
        opened.name);
  }
  return true;
}

void evaluate(EvaluateOptions options) {
  start(options.common);
  base::install_interrupt_handlers();
  const auto set = open_data(options.data, data::parse_split(options.split));
  options.model.shape = fitted(options.model.shape, set);
  const auto opened = open_model(options.model, options.common, Fetched::wanted);
  require_finite_weights(opened);
  const auto labelled = train::with_classes(set, opened.model.labels);
  train::check_fits(opened.network(), labelled);
  warn_if_untrained(opened, options.common);
  const bool chosen = chosen_on(opened, set, options.common);
  base::ProgressBar bar(options.common.quiet);
  const bool half = options.common.compute_dtype() == c10::kBFloat16;
  const auto found = train::evaluate(
      opened.network(), labelled,
      {.batch = options.batch,
       .execution = {.compute = half ? train::Compute::bfloat16 : train::Compute::float32},
       .progress = until_interrupted(bar.callback())});
  bar.clear();
  emit_and_save(options.common,
                Json{{"model", opened.name},
                     {"origin", to_string(opened.origin)},
                     {"data", set.name},
                     {"data_hash", set.hash},
                     {"count", found.count},
                     {"accuracy", found.accuracy},
                     {"loss", found.loss},
                     {"chosen_on_these_images", chosen}},
                fmt::format("{} on {} images ({}): accuracy {:.2f} %, loss {:.4f}\n", opened.name,
                            found.count, set.name, 100 * found.accuracy, found.loss));
}

}  // namespace

void add_evaluate(CLI::App& root) {
  const auto options = std::make_shared<EvaluateOptions>();
  auto& command =
      add_command(root, "evaluate", "accuracy and loss of a network on labelled images",
                  "  ranklens evaluate runs/a/best.safetensors --data cifar10:DIR --json",
                  options->common, Out::json_file);
  add_model_options(command, options->model);
  add_data_options(command, options->data);
  command.add_option("--split", options->split, "train, test or all")
      ->check(CLI::IsMember({"train", "test", "all"}))
      ->capture_default_str();
  command.add_option("--batch", options->batch, "images at a time")
      ->check(whole_number(1, 1 << 20))
      ->capture_default_str();
  command.callback([options] { evaluate(*options); });
}

}  // namespace ranklens::app
