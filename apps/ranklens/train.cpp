#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>

#include "ranklens/base/clock.h"
#include "ranklens/base/error.h"
#include "ranklens/base/free_folder.h"
#include "ranklens/base/interrupt.h"
#include "ranklens/base/progress.h"
#include "ranklens/report/table.h"
#include "ranklens/train/evaluate.h"

#include "commands.h"
#include "manifest.h"
#include "train_options.h"

namespace ranklens::app {
namespace {

using Ending = train::FitResult::Ending;

/// A figure for JSON, which has no NaN: what was not measured is null.
Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(); }

std::string history_text(const train::FitResult& result) {
  using report::Better;
  using report::Format;
  report::Table table{.id = "epochs",
                      .columns = {{.title = "epoch", .format = Format::Integer},
                                  {.title = "loss", .format = Format::Number, .decimals = 4},
                                  {.title = "accuracy", .format = Format::Percent},
                                  {.title = "test loss", .format = Format::Number, .decimals = 4},
                                  {.title = "test accuracy", .format = Format::Percent},
                                  {.title = "images/s", .format = Format::Number, .decimals = 0}}};
  for (const auto& epoch : result.history) {
    table.rows.push_back({{epoch.epoch, epoch.loss, epoch.accuracy, epoch.validation_loss,
                           epoch.validation_accuracy, epoch.images_per_second}});
  }
  return report::to_text(table);
}

/// Writes the networks that came out; returns the names of all files.
std::vector<std::string> write_models(const TrainOptions& options, const train::FitResult& result,
                                      const data::Dataset& training) {
  const std::filesystem::path folder = options.common.out;
  // Nothing here may depend on when or where: same seed, same threads, same bytes.
  const std::map<std::string, std::string> metadata{
      {"source",
       fmt::format("{}, trained on {}", std::filesystem::path(options.model.model).stem().string(),
                   data::without_place(options.data.source))},
      {"data_hash", training.hash}};
  // A network that tells more classes apart than the data have keeps no names.
  const bool named = class_count(result.last) == static_cast<std::int64_t>(training.classes.size());
  const auto labels = named ? training.classes : std::vector<std::string>();
  const auto write = [&](const char* name, const nn::Network& network) {
    nn::write_model(folder / name, {.network = network, .labels = labels, .metadata = metadata});
  };
  write("best.safetensors", result.best);
  write("last.safetensors", result.last);
  return {"best.safetensors", "last.safetensors", "checkpoint.safetensors", "metrics.jsonl"};
}

Json summary_of(const TrainOptions& options, const train::FitResult& result) {
  const auto& last = result.history.back();
  double seconds = 0;
  for (const auto& epoch : result.history) seconds += epoch.seconds;
  return {{"out", options.common.out},
          {"parameters", result.last.state.trainable_parameters()},
          {"epochs", result.history.size()},
          {"steps", result.steps},
          {"training_seconds", seconds},
          {"best_epoch", result.best_epoch},
          {"loss", last.loss},
          {"accuracy", last.accuracy},
          {"validation_loss", number_or_null(last.validation_loss)},
          {"validation_accuracy", number_or_null(last.validation_accuracy)}};
}

void finish(const TrainOptions& options, const train::FitResult& result,
            const data::Dataset& training, double wall_seconds) {
  const auto summary = summary_of(options, result);
  Manifest manifest{.command = "train",
                    .configuration = configuration_of(options),
                    .identity = configuration_of(options),
                    .data_hash = training.hash,
                    .wall_seconds = wall_seconds,
                    .more = {{"data", training.name}, {"result", summary}},
                    .files = write_models(options, result, training)};
  write_manifest(options.common.out, options.common, manifest);
  const std::string best =
      result.best_epoch > 0 ? fmt::format(" (of epoch {})", result.best_epoch) : "";
  emit(options.common, summary,
       fmt::format("{}\n{}: best.safetensors{}, last.safetensors\n", history_text(result),
                   options.common.out, best));
}

void train_network(TrainOptions options) {
  start(options.common);
  base::require(!options.common.out.empty(), "--out is required: the folder to write to");
  base::require_free(options.common.out, {.command = "train",
                                          .identity = configuration_of(options),
                                          .marks = {"checkpoint.safetensors"}});
  base::install_interrupt_handlers();
  const base::Stopwatch watch;
  const auto training = open_data(options.data, data::Split::train);
  const auto validation =
      options.no_validation ? data::Dataset{} : open_data(options.data, data::Split::test);
  options.model.shape = fitted(options.model.shape, training);
  const auto opened = open_model(options.model, options.common, Fetched::left);
  require_finite_weights(opened);
  base::ProgressBar bar(options.common.quiet);
  auto fit = options.fit_options();
  fit.progress = bar.callback();
  fit.note = [&](const std::string& line) {
    bar.clear();
    if (!options.common.quiet) std::cerr << "ranklens: " << line << '\n';
  };
  const base::Stopwatch fit_watch;
  const auto result = train::fit(opened.network(), training, validation, fit);
  const double earlier = std::max(0.0, result.seconds - fit_watch.seconds());
  bar.clear();
  if (result.ending == Ending::interrupted) {
    throw base::SystemError(fmt::format("{}; the same command goes on from there", result.message));
  }
  if (result.ending == Ending::diverged) throw base::SystemError(result.message);
  finish(options, result, training, earlier + watch.seconds());
}

}  // namespace

void add_train(CLI::App& root) {
  const auto options = std::make_shared<TrainOptions>();
  auto& command = add_command(
      root, "train", "train a network on labelled images; go on with a run that was stopped",
      "  ranklens train cnn-dense --width 16 --data scenes --epochs 3 --out runs/dense\n"
      "  ranklens train cnn-dense --head 'low_rank(r=8)' --data cifar10:DIR --flip --crop 4 \\\n"
      "    --optimiser 'sgd(lr=0.1,momentum=0.9)' --schedule 'cosine(warmup=1)' --out runs/low",
      options->common, Out::folder);
  add_train_options(command, *options);
  command.callback([options] { train_network(*options); });
}

}  // namespace ranklens::app
