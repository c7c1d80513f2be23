#include "train_options.h"

#include <CLI/CLI.hpp>

#include "checks.h"

namespace ranklens::app {
namespace {

void add_recipe(CLI::App& command, TrainOptions& options) {
  auto& fit = options.fit;
  const std::string group = "Training";
  const auto add = [&](const char* name, auto& value, const char* text) {
    return command.add_option(name, value, text)->group(group)->capture_default_str();
  };
  const auto whole = whole_number(1);
  add("--epochs", fit.epochs, "passes over the training images")->check(whole);
  add("--batch", fit.batch, "images a step")->check(whole);
  add("--optimiser", fit.optimiser,
      "adam(lr=1e-3), adamw(weight_decay=0.01), sgd(lr=0.1,momentum=0.9,nesterov); of weights in "
      "factors bug(tau=0.1), riemannian_adam(lr=1e-3), dmrg(bond=20), tsgo(theta=10deg) and others "
      "(docs/manifolds.md)");
  add("--schedule", fit.schedule,
      "constant, linear, cosine(warmup=2), step(every=10,factor=0.1), plateau(patience=3)");
  add("--label-smoothing", fit.label_smoothing, "share of the target spread over all classes")
      ->check(number(0, 0.999));
  add("--clip-norm", fit.clip_norm, "largest norm of all gradients together (0: any)")
      ->check(number(0, kAnyNumber));
  add("--clip-value", fit.clip_value, "largest entry of a gradient (0: any)")
      ->check(number(0, kAnyNumber));
  add("--accumulate", fit.accumulate, "compute a batch in so many pieces, to save memory")
      ->check(whole);
  add("--best-by", options.best_by, "what makes an epoch the best: loss or accuracy")
      ->check(CLI::IsMember({"loss", "accuracy"}));
  add("--best-from", fit.best_from,
      "the first epoch that may be the best: where a tolerance has come to its end")
      ->check(whole);
  add("--hold-out", options.hold_out,
      "choose the best epoch on this share of the training images, not on the test part (0)")
      ->check(number(0, 0.9));
  command
      .add_flag(
          "--low-memory", fit.execution.low_memory,
          "weights in factors keep only their input for the backward pass: less memory, slower")
      ->group(group);
  command.add_flag("--no-validation", options.no_validation, "train without the test part")
      ->group(group);
  command
      .add_flag("--channels-last,!--no-channels-last", fit.execution.channels_last,
                "images laid out with channels last: the faster layout for convolutions (default)")
      ->group(group);
}

void add_augmentation(CLI::App& command, data::Augment& augment) {
  const std::string group = "Augmentation";
  const auto add = [&](const char* name, auto& value, const char* text) {
    return command.add_option(name, value, text)->group(group)->capture_default_str();
  };
  add("--crop", augment.crop, "move images by up to so many pixels")->check(whole_number(0, 4096));
  command.add_flag("--flip", augment.flip, "mirror every second image")->group(group);
  add("--brightness", augment.brightness, "change it by a factor of up to 1 +- this")
      ->check(number(0, 1));
  add("--contrast", augment.contrast, "the same for the contrast")->check(number(0, 1));
  add("--saturation", augment.saturation, "the same for the colours")->check(number(0, 1));
}

void add_checkpoints(CLI::App& command, train::FitOptions& fit) {
  const std::string group = "Checkpoints";
  const auto add = [&](const char* name, auto& value, const char* text) {
    return command.add_option(name, value, text)->group(group)->capture_default_str();
  };
  add("--checkpoint-seconds", fit.checkpoint_seconds, "one after so many seconds")
      ->check(number(0, kAnyNumber));
  add("--checkpoint-steps", fit.checkpoint_steps, "one after so many steps (0: not counted)")
      ->check(whole_number(0));
  add("--checkpoint-epochs", fit.checkpoint_epochs, "one after so many epochs (0: not counted)")
      ->check(whole_number(0));
  add("--log-steps", fit.log_steps,
      "a line of steps.jsonl after each so many steps, where the optimiser observes ranks (0: "
      "none); of trains of more than 8 bonds the largest and the mean")
      ->check(whole_number(0));
}

}  // namespace

train::FitOptions TrainOptions::fit_options() const {
  auto options = fit;
  options.seed = common.seed;
  options.folder = common.out;
  options.data_text = data.source + (data.grey ? " --grey" : "") +
                      (data.limit > 0 ? fmt::format(" --limit {}", data.limit) : "") +
                      (data.size > 0 ? fmt::format(" --size {}", data.size) : "") +
                      (hold_out > 0 ? fmt::format(" --hold-out {}", hold_out) : "");
  options.best_by = best_by == "accuracy" ? train::BestBy::accuracy : train::BestBy::loss;
  if (common.compute_dtype() == c10::kBFloat16)
    options.execution.compute = train::Compute::bfloat16;
  options.stage = "train " + model.model;
  return options;
}

void add_train_options(CLI::App& command, TrainOptions& options) {
  add_model_options(command, options.model);
  command.get_option("--model")->description(
      "a model file, which is trained further, or a built-in network ('ranklens info' lists them), "
      "which is drawn afresh");
  add_data_options(command, options.data);
  add_recipe(command, options);
  add_augmentation(command, options.fit.augment);
  add_checkpoints(command, options.fit);
  command.add_option(
      "--report", options.page,
      "write a page with curves, ranks and what truncations cut off; of a training that "
      "diverged, too");
}

Json configuration_of(const TrainOptions& options) {
  const auto& fit = options.fit;
  Json configuration{{"model", options.model.model},
                     {"width", options.model.shape.width},
                     {"dropout", options.model.shape.dropout},
                     {"head", options.model.shape.head},
                     {"hidden", options.model.shape.hidden},
                     {"weights", options.model.weights},
                     {"data", options.data.source},
                     {"grey", options.data.grey},
                     {"limit", options.data.limit},
                     {"size", options.data.size},
                     {"no_validation", options.no_validation},
                     {"epochs", fit.epochs},
                     {"batch", fit.batch},
                     {"optimiser", fit.optimiser},
                     {"schedule", fit.schedule},
                     {"label_smoothing", fit.label_smoothing},
                     {"clip_norm", fit.clip_norm},
                     {"clip_value", fit.clip_value},
                     {"accumulate", fit.accumulate},
                     {"channels_last", fit.execution.channels_last},
                     {"crop", fit.augment.crop},
                     {"flip", fit.augment.flip},
                     {"brightness", fit.augment.brightness},
                     {"contrast", fit.augment.contrast},
                     {"saturation", fit.augment.saturation},
                     {"best_by", options.best_by}};
  // Runs of earlier versions have no such keys.
  if (fit.best_from != 1) configuration["best_from"] = fit.best_from;
  if (options.hold_out > 0) configuration["hold_out"] = options.hold_out;
  if (!options.model.shape.layers.empty()) configuration["layers"] = options.model.shape.layers;
  if (fit.execution.low_memory) configuration["low_memory"] = true;
  return configuration;
}

}  // namespace ranklens::app
