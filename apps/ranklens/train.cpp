#include <algorithm>
#include <iostream>
#include <memory>
#include <tuple>

#include <CLI/CLI.hpp>

#include "ranklens/base/clock.h"
#include "ranklens/base/error.h"
#include "ranklens/base/free_folder.h"
#include "ranklens/base/interrupt.h"
#include "ranklens/base/json_number.h"
#include "ranklens/base/progress.h"
#include "ranklens/data/hold_out.h"
#include "ranklens/optim/factor_by_factor.h"
#include "ranklens/optim/schedule.h"
#include "ranklens/report/table.h"
#include "ranklens/report/train_page.h"
#include "ranklens/train/classes.h"
#include "ranklens/train/evaluate.h"

#include "command_line.h"
#include "commands.h"
#include "manifest.h"
#include "outputs.h"
#include "train_options.h"

namespace ranklens::app {
namespace {

using Ending = train::FitResult::Ending;

/// What is trained on, and what chooses the best epoch.
struct TrainingData {
  data::Dataset training, choosing;
  /// Of what was read, whichever place its classes have in the network.
  std::string hash, choosing_hash;
};

TrainingData open_parts(const TrainOptions& options) {
  TrainingData parts;
  parts.training = open_data(options.data, data::Split::train);
  if (options.hold_out > 0) {
    std::tie(parts.training, parts.choosing) = data::hold_out(parts.training, options.hold_out);
  } else if (!options.no_validation) {
    parts.choosing = open_data(options.data, data::Split::test);
  }
  parts.hash = parts.training.hash;
  parts.choosing_hash = parts.choosing.hash;
  return parts;
}

/// A network that knows all the classes by name keeps its names, and goes on where it was.
void name_classes(const nn::Model& model, TrainingData& parts) {
  for (const auto* part : {&parts.training, &parts.choosing}) {
    if (part->size() > 0 && !train::all_among(*part, model.labels)) return;
  }
  parts.training = train::with_classes(parts.training, model.labels);
  parts.choosing = train::with_classes(parts.choosing, model.labels);
}

std::string history_text(const TrainOptions& options, const train::FitResult& result) {
  using report::Better;
  using report::Format;
  const std::string held_out = options.hold_out > 0 ? "held-out" : "test";
  report::Table table{
      .id = "epochs",
      .columns = {{.title = "epoch", .format = Format::Integer},
                  {.title = "loss", .format = Format::Number, .decimals = 4},
                  {.title = "accuracy", .format = Format::Percent},
                  {.title = held_out + " loss", .format = Format::Number, .decimals = 4},
                  {.title = held_out + " accuracy", .format = Format::Percent},
                  {.title = "images/s", .format = Format::Number, .decimals = 0}}};
  for (const auto& epoch : result.history) {
    table.rows.push_back({{epoch.epoch, epoch.loss, epoch.accuracy, epoch.validation_loss,
                           epoch.validation_accuracy, epoch.images_per_second}});
  }
  return report::to_text(table);
}

/// Whether there was a choice of epochs.
bool was_chosen(const train::FitResult& result) {
  return result.best_epoch > 0 && result.history.size() > 1;
}

/// Whether the learning rate fell by the images that are not trained on.
bool was_steered(const TrainOptions& options, const TrainingData& parts,
                 const train::FitResult& result) {
  const auto& epochs = result.history;
  const auto falls = [](const auto& one, const auto& next) { return next.rate < one.rate; };
  return parts.choosing.size() > 0 &&
         optim::make_schedule(options.fit_options().schedule).listens() &&
         std::adjacent_find(epochs.begin(), epochs.end(), falls) != epochs.end();
}

/// Writes NAME.safetensors. Nothing in it may depend on when or where: same seed, same threads,
/// same bytes.
void write_network(const TrainOptions& options, const TrainingData& parts, const char* name,
                   const nn::Network& network, bool chosen) {
  std::map<std::string, std::string> metadata{
      {"source",
       fmt::format("{}, trained on {}", std::filesystem::path(options.model.model).stem().string(),
                   data::without_place(options.data.source))},
      {"data_hash", parts.hash}};
  if (chosen) metadata[kChosenOn] = parts.choosing_hash;
  // A network that tells more classes apart than the data have keeps no names.
  const bool named =
      class_count(network) == static_cast<std::int64_t>(parts.training.classes.size());
  nn::write_model(std::filesystem::path(options.common.out) / fmt::format("{}.safetensors", name),
                  {.network = network,
                   .labels = named ? parts.training.classes : std::vector<std::string>(),
                   .metadata = metadata});
}

/// Writes the networks that came out; returns the names of all files.
std::vector<std::string> write_models(const TrainOptions& options, const train::FitResult& result,
                                      const TrainingData& parts) {
  const bool steered = was_steered(options, parts, result);
  write_network(options, parts, "best", result.best, steered || was_chosen(result));
  write_network(options, parts, "last", result.last, steered);
  std::vector<std::string> files{"best.safetensors", "last.safetensors", "checkpoint.safetensors",
                                 "metrics.jsonl"};
  if (std::filesystem::exists(std::filesystem::path(options.common.out) / "steps.jsonl"))
    files.emplace_back("steps.jsonl");
  return files;
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
          {"validation_loss", Json(base::number_or_null(last.validation_loss))},
          {"validation_accuracy", Json(base::number_or_null(last.validation_accuracy))}};
}

/// Which images were held out, and whether they chose the epoch.
std::string held_out_text(const TrainOptions& options, const TrainingData& parts,
                          const train::FitResult& result) {
  const bool chosen = was_chosen(result);
  if (parts.choosing.size() == 0) return "";
  const bool own = options.hold_out > 0;
  auto which = own ? fmt::format("{} of the training images", parts.choosing.size())
                   : fmt::format("the {} test images", parts.choosing.size());
  if (was_steered(options, parts, result)) which += ", by whose loss the learning rate fell";
  if (!chosen) return which;
  return which + (own ? ", which also chose the best epoch"
                      : ", which also chose the best epoch: the accuracy of best.safetensors on "
                        "them is too high (--hold-out chooses by others)");
}

void write_report(const TrainOptions& options, const train::FitResult& result,
                  const TrainingData& parts) {
  report::TrainedRun run{
      .network = std::filesystem::path(options.model.model).stem().string(),
      .data = fmt::format("{} ({} images)", data::without_place(options.data.source),
                          parts.training.size()),
      .held_out = held_out_text(options, parts, result),
      .command = command_line(),
      .seed = options.common.seed};
  const auto configuration = configuration_of(options);
  for (const auto& [key, value] : configuration.items()) {
    if (value.empty() || (value.is_string() && value.get<std::string>().empty()))
      continue;  // not chosen
    run.configuration.push_back(
        {"", key, value.is_string() ? value.get<std::string>() : value.dump()});
  }
  report::write_page(options.page, report::train_page(run, result));
}

void finish(const TrainOptions& options, const train::FitResult& result, const TrainingData& parts,
            double wall_seconds) {
  const auto summary = summary_of(options, result);
  Manifest manifest{.command = "train",
                    .configuration = configuration_of(options),
                    .identity = configuration_of(options),
                    .data_hash = parts.hash,
                    .wall_seconds = wall_seconds,
                    .more = {{"data", parts.training.name},
                             {"trained_by", result.provenance},
                             {"result", summary}},
                    .files = write_models(options, result, parts)};
  write_manifest(options.common.out, options.common, manifest);
  if (!options.page.empty()) write_report(options, result, parts);
  const std::string best =
      was_chosen(result)
          ? fmt::format(" (of epoch {}, chosen by the {} on the {} images)", result.best_epoch,
                        options.best_by, options.hold_out > 0 ? "held-out" : "test")
          : "";
  emit(options.common, summary,
       fmt::format("{}\n{}: best.safetensors{}, last.safetensors\n", history_text(options, result),
                   options.common.out, best));
}

/// Leaves the best network of a training that diverged, and says so.
std::string kept_of(const TrainOptions& options, const train::FitResult& result,
                    const TrainingData& parts) {
  const bool begun =
      std::filesystem::exists(std::filesystem::path(options.common.out) / "checkpoint.safetensors");
  std::string elsewhere = begun ? "; another rate is another training, with another --out" : "";
  if (result.best_epoch == 0) return elsewhere;
  write_network(options, parts, "best", result.best, true);
  return fmt::format("; the network of epoch {} is {}/best.safetensors{}", result.best_epoch,
                     options.common.out, elsewhere);
}

/// The page may lie among the results, under a name that is none of theirs.
void require_page_of_its_own(const TrainOptions& options) {
  for (const char* name : {"best.safetensors", "last.safetensors", "checkpoint.safetensors",
                           "metrics.jsonl", "steps.jsonl", "manifest.json"}) {
    base::require(options.page.empty() ||
                      !same_file(options.page, std::filesystem::path(options.common.out) / name),
                  "--report names '{}', which the training writes itself; give it another name",
                  options.page);
  }
}

/// Whether there is a page to write and something beside it: alone, it would hold the folder
/// against a better rate.
bool has_place_beside(const TrainOptions& options) {
  if (options.page.empty()) return false;
  const auto place = std::filesystem::absolute(options.page).parent_path();
  return std::filesystem::exists(place) &&
         (!same_place(place, options.common.out) || !std::filesystem::is_empty(place));
}

void train_network(TrainOptions options) {
  start(options.common);
  base::require(options.hold_out == 0 || !options.no_validation,
                "--hold-out chooses the best epoch and --no-validation does without: give one");
  base::require_free(options.common.out, {.command = "train",
                                          .identity = configuration_of(options),
                                          .marks = {"checkpoint.safetensors", "steps.jsonl"}});
  require_replaceable({{"--report", options.page, FileKind::page}}, {options.model.model},
                      options.common.out);
  require_page_of_its_own(options);
  base::install_interrupt_handlers();
  const base::Stopwatch watch;
  auto parts = open_parts(options);
  options.model.shape = fitted(options.model.shape, parts.training);
  const auto opened = open_model(options.model, options.common, Fetched::left);
  require_finite_weights(opened);
  name_classes(opened.model, parts);
  base::ProgressBar bar(options.common.quiet);
  auto fit = options.fit_options();
  fit.progress = bar.callback();
  fit.note = [&](const std::string& line) {
    bar.clear();
    if (!options.common.quiet) std::cerr << "ranklens: " << line << '\n';
  };
  if (const auto note = optim::factor_note(opened.network().state, fit.optimiser); !note.empty())
    fit.note(note);
  const base::Stopwatch fit_watch;
  const auto result = train::fit(opened.network(), parts.training, parts.choosing, fit);
  const double earlier = std::max(0.0, result.seconds - fit_watch.seconds());
  bar.clear();
  if (result.ending == Ending::interrupted) {
    throw base::SystemError(fmt::format("{}; the same command goes on from there", result.message));
  }
  if (result.ending == Ending::diverged) {
    if (has_place_beside(options)) write_report(options, result, parts);
    throw base::SystemError(result.message + kept_of(options, result, parts));
  }
  finish(options, result, parts, earlier + watch.seconds());
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
  require_out(command, "the folder that the results go to");
  add_train_options(command, *options);
  command.callback([options] { train_network(*options); });
}

}  // namespace ranklens::app
