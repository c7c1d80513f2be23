#include "ranklens/train/session.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "ranklens/base/device.h"
#include "ranklens/base/error.h"
#include "ranklens/base/folder.h"
#include "ranklens/base/interrupt.h"
#include "ranklens/train/evaluate.h"
#include "ranklens/train/room.h"
#include "ranklens/train/try_step.h"

namespace ranklens::train {
namespace {

namespace fs = std::filesystem;

/// The options themselves; Error unless training can go by them.
FitOptions checked(FitOptions options) {
  base::require(options.epochs >= 1, "training takes at least 1 epoch, not {}", options.epochs);
  base::require(options.best_from >= 1 && options.best_from <= options.epochs,
                "the best epoch is one from 1 to {}, not from {} on", options.epochs,
                options.best_from);
  base::require(options.batch >= 1, "a batch holds at least 1 image, not {}", options.batch);
  base::require(options.label_smoothing >= 0 && options.label_smoothing < 1,
                "label smoothing lies in [0, 1), not at {}", options.label_smoothing);
  base::require(options.clip_norm >= 0 && options.clip_value >= 0,
                "gradients are clipped to something above 0");
  base::require(options.rate > 0 && std::isfinite(options.rate),
                "the factor on the learning rate is above 0, not {}", options.rate);
  base::require(options.accumulate >= 1, "a batch is computed in at least 1 piece, not {}",
                options.accumulate);
  return options;
}

ObjectiveOptions objective_options(const FitOptions& options) {
  return {.label_smoothing = options.label_smoothing,
          .clip_norm = options.clip_norm,
          .clip_value = options.clip_value,
          .accumulate = options.accumulate,
          .execution = options.execution};
}

}  // namespace

Session::Session(const nn::Network& network, const data::Dataset& training,
                 const data::Dataset& validation, const FitOptions& options)
    : graph_(network.graph),
      training_(training),
      validation_(validation),
      options_(checked(options)),
      objective_options_(objective_options(options)),
      configuration_(options.folder.empty()
                         ? nlohmann::json()
                         : configuration_of(network, training, validation, options)),
      dropout_(options.seed, "dropout"),
      device_(device_of(network.state)),
      state_(laid_out(network.state.clone(), options.execution)),
      optimiser_(optim::make_optimiser(options.optimiser)),
      schedule_(optim::make_schedule(options.schedule)),
      log_(options.folder, options.log_steps) {
  check_fits(network, training);
  if (validation.size() > 0) check_fits(network, validation);
  const auto most = std::min(options.batch, training.size());
  require_step_fits(network, (most + options.accumulate - 1) / options.accumulate,
                    options.execution);
  const bool begun = !options.folder.empty() && fs::exists(checkpoint_path(options.folder));
  if (!begun) try_step(network, training, options.optimiser, options.execution);
}

std::int64_t Session::batches() const {
  return (training_.size() + options_.batch - 1) / options_.batch;
}

FitResult Session::run() {
  if (!options_.folder.empty()) {
    base::make_folder(options_.folder);
    if (options_.lock_folder) lock_.emplace(options_.folder, "trains");
    remove_leftovers(options_.folder);
    if (fs::exists(checkpoint_path(options_.folder))) resume();
    log_.resume(steps_);
  }
  if (position_.epoch < options_.epochs) {
    add(provenance_, provenance_here(device_));
    loader_ = std::make_unique<data::Loader>(
        training_,
        data::LoaderOptions{.batch = options_.batch,
                            .channels_last = options_.execution.channels_last,
                            .augment = options_.augment,
                            .seed = options_.seed},
        position_);
  }
  while (position_.epoch < options_.epochs) {
    if (base::interrupted()) {
      ending_ = FitResult::Ending::interrupted;
      message_ = fmt::format("stopped after step {} of {}", steps_, options_.epochs * batches());
      save(true);
      break;
    }
    if (!step()) break;
    const bool ended = position_.batch == 0;
    if (ended) end_epoch();
    if (!save(position_.epoch == options_.epochs)) break;
  }
  loader_.reset();
  // The checkpoint is written before its metrics: whoever was killed between lacks them.
  if (saved_step_ >= 0) write_metrics();
  return result();
}

bool Session::step() {
  base::Stopwatch watch;
  const double processor_before = base::processor_seconds();
  data::Batch batch = loader_->next();
  batch.images = batch.images.to(device_);
  batch.labels = batch.labels.to(device_);
  const base::Stream random = dropout_.child("step", static_cast<std::uint64_t>(steps_));
  BatchObjective objective(graph_, batch, random, objective_options_);
  sums_.rate =
      options_.rate *
      schedule_.factor({.step = steps_, .steps_per_epoch = batches(), .epochs = options_.epochs});
  const double loss = optimiser_->step(state_, objective, sums_.rate);
  if (!std::isfinite(loss)) {
    diverged(fmt::format("the loss became {}", std::isnan(loss) ? std::abs(loss) : loss),
             steps_ + 1, position_.epoch + 1);
    return false;
  }
  state_.apply(objective.change());
  ++steps_;
  const std::int64_t images = batch.labels.size(0);
  sums_.loss += loss * static_cast<double>(images);
  sums_.correct += objective.correct();
  sums_.images += images;
  position_ = batch.last ? data::Position{position_.epoch + 1, 0}
                         : data::Position{position_.epoch, position_.batch + 1};
  // The loss of the next step waits for this one's update; the clock of the last one must.
  if (batch.last) base::synchronise(device_);
  sums_.seconds += watch.seconds();
  if (device_.is_cpu()) sums_.processor_seconds += base::processor_seconds() - processor_before;
  // What is logged is no part of a step's time.
  if (log_.wants(steps_)) log_.add(steps_, loss, optimiser_->observed());
  report_progress(loss);
  return true;
}

void Session::report_progress(double loss) const {
  if (!options_.progress) return;
  const auto per_epoch = static_cast<double>(training_.size());
  // At an epoch's end the position is already the next epoch's.
  const bool ended = position_.batch == 0;
  const std::int64_t epoch = position_.epoch + (ended ? 0 : 1);
  const std::string note = fmt::format("loss {:.3f}, epoch {}/{}", loss, epoch, options_.epochs);
  base::report(options_.progress, {.stage = options_.stage,
                                   .done = static_cast<double>(epoch - 1) * per_epoch +
                                           static_cast<double>(sums_.images),
                                   .total = static_cast<double>(options_.epochs) * per_epoch,
                                   .unit = "images",
                                   .note = note});
}

void Session::end_epoch() {
  const auto images = static_cast<double>(sums_.images);
  const double none = std::numeric_limits<double>::quiet_NaN();
  EpochMetrics metrics{.epoch = position_.epoch,
                       .steps = steps_,
                       .loss = sums_.loss / images,
                       .accuracy = static_cast<double>(sums_.correct) / images,
                       .validation_loss = none,
                       .validation_accuracy = none,
                       .rate = sums_.rate,
                       .seconds = sums_.seconds,
                       .processor_seconds = sums_.processor_seconds,
                       .images_per_second = images / sums_.seconds};
  if (validation_.size() > 0) {
    const base::Stopwatch watch;
    const auto found = evaluate({graph_, optimiser_->finished(state_)}, validation_,
                                {.batch = options_.batch, .execution = options_.execution});
    metrics.validation_loss = found.loss;
    metrics.validation_accuracy = found.accuracy;
    metrics.validation_seconds = watch.seconds();
    keep_best(metrics);
  }
  if (options_.observe) {
    metrics.observed = options_.observe({graph_, optimiser_->finished(state_).detach()});
  }
  for (const auto& [name, value] : optimiser_->observed()) metrics.observed[name] = value;
  schedule_.observe(validation_.size() > 0 ? metrics.validation_loss : metrics.loss);
  history_.push_back(metrics);
  sums_ = {};
}

void Session::keep_best(const EpochMetrics& metrics) {
  if (metrics.epoch < options_.best_from) return;
  const bool by_loss = options_.best_by == BestBy::loss;
  const double value = by_loss ? -metrics.validation_loss : metrics.validation_accuracy;
  // A network of NaN still answers with some class.
  if (!std::isfinite(value) || !std::isfinite(metrics.validation_loss)) return;
  if (best_epoch_ != 0 && !(value > best_value_)) return;
  best_value_ = value;
  best_epoch_ = metrics.epoch;
  best_ = state_.clone();
}

void Session::diverged(const std::string& what, std::int64_t step, std::int64_t epoch) {
  ending_ = FitResult::Ending::diverged;
  const std::string kept = saved_step_ < 0
                               ? "there is no checkpoint"
                               : fmt::format("the last checkpoint is of step {}", saved_step_);
  message_ =
      fmt::format("{} at step {} (epoch {}): lower the learning rate or clip the gradients; {}",
                  what, step, epoch, kept);
  // What led here is what one wants to know; a run that is taken up again drops these lines.
  log_.write();
}

bool Session::due(bool told) const {
  if (told || since_save_.seconds() >= options_.checkpoint_seconds) return true;
  if (options_.checkpoint_steps > 0 && steps_ % options_.checkpoint_steps == 0) return true;
  return position_.batch == 0 && options_.checkpoint_epochs > 0 &&
         position_.epoch % options_.checkpoint_epochs == 0;
}

}  // namespace ranklens::train
