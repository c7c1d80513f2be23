// What a session keeps on disk, and what it hands back.
#include <cmath>

#include <ATen/ops/isfinite.h>
#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/base/files.h"
#include "ranklens/base/json_number.h"
#include "ranklens/base/product.h"
#include "ranklens/base/threads.h"
#include "ranklens/nn/fused/winograd.h"
#include "ranklens/nn/stored_state.h"
#include "ranklens/tn/linear/kept_states.h"
#include "ranklens/train/session.h"

namespace ranklens::train {
namespace {

bool all_finite(const nn::State& state) {
  for (const auto& one : state.tensors()) {
    if (one.tensor.is_floating_point() && !at::isfinite(one.tensor).all().item<bool>())
      return false;
  }
  return true;
}

}  // namespace

bool Session::save(bool told) {
  if (!due(told)) return true;
  if (!all_finite(state_)) {
    // At an epoch's end the position is already the next epoch's.
    diverged("a weight is not finite after a step; the loss was still finite", steps_,
             position_.batch == 0 ? position_.epoch : position_.epoch + 1);
    return false;
  }
  if (options_.folder.empty()) {
    since_save_.restart();
    return true;
  }
  Checkpoint checkpoint;
  checkpoint.configuration = configuration_;
  checkpoint.position = {{"epoch", position_.epoch},
                         {"batch", position_.batch},
                         {"steps", steps_},
                         {"sums",
                          {{"loss", sums_.loss},
                           {"correct", sums_.correct},
                           {"images", sums_.images},
                           {"seconds", sums_.seconds},
                           {"processor_seconds", base::number_or_null(sums_.processor_seconds)},
                           {"rate", sums_.rate}}},
                         {"best_epoch", best_epoch_},
                         {"best_value", base::number_or_null(best_value_)},
                         {"schedule", schedule_.save()},
                         {"history", nlohmann::json::array()},
                         {"product", base::to_string(base::product_kernel())},
                         {"convolution", nn::fused::to_string(nn::fused::convolutions())},
                         {"state_allowance", tn::state_allowance()},
                         {"threads", base::threads()},
                         {"provenance", provenance_},
                         {"data_text", options_.data_text},
                         {"seconds", seconds()}};
  for (const auto& one : history_) checkpoint.position["history"].push_back(to_json(one));
  // Ranks change while training, so the formats are kept beside the numbers.
  checkpoint.position["weights"] = nn::describe(state_);
  checkpoint.put("state", tensors_of(state_));
  checkpoint.put("optimiser", optimiser_->save());
  if (best_epoch_ > 0) {
    checkpoint.position["best_weights"] = nn::describe(best_);
    checkpoint.put("best", tensors_of(best_));
  }
  // Lines that no checkpoint knows of are dropped when the run is taken up again.
  log_.write();
  write_checkpoint(options_.folder, checkpoint);
  write_metrics();
  saved_step_ = steps_;
  since_save_.restart();
  return true;
}

void Session::write_metrics() const {
  base::write_file(options_.folder / "metrics.jsonl", json_lines(history_));
}

void Session::resume() {
  const Checkpoint checkpoint =
      read_checkpoint(options_.folder, configuration_, options_.data_text);
  const auto& position = checkpoint.position;
  try {
    position_ = {position.at("epoch").get<std::int64_t>(),
                 position.at("batch").get<std::int64_t>()};
    saved_step_ = steps_ = position.at("steps").get<std::int64_t>();
    const auto& sums = position.at("sums");
    sums_ = {.loss = sums.at("loss").get<double>(),
             .correct = sums.at("correct").get<std::int64_t>(),
             .images = sums.at("images").get<std::int64_t>(),
             .seconds = sums.at("seconds").get<double>(),
             .processor_seconds = base::number_or_nan(sums.value(
                 "processor_seconds",
                 nlohmann::json(sums.at("images") > 0 ? nlohmann::json() : nlohmann::json(0)))),
             .rate = sums.at("rate").get<double>()};
    best_epoch_ = position.at("best_epoch").get<std::int64_t>();
    best_value_ = base::number_or_nan(position.at("best_value"));
    // Earlier versions took a first epoch for the best whatever its loss.
    if (!std::isfinite(best_value_)) best_epoch_ = 0;
    schedule_.load(position.at("schedule"));
    for (const auto& one : position.at("history")) history_.push_back(read_metrics(one));
    // What checkpoints of earlier versions do not hold is taken for nothing more than the steps.
    double steps_seconds = sums_.seconds;
    for (const auto& one : history_) steps_seconds += one.seconds + one.validation_seconds;
    earlier_seconds_ = position.value("seconds", steps_seconds);
    const int then = position.value("threads", base::threads());
    note_threads(then);
    base::set_product_kernel(base::parse_product_kernel(position.at("product").get<std::string>()));
    // Checkpoints from before there was a choice have none.
    nn::fused::set_convolutions(
        nn::fused::parse_convolutions(position.value("convolution", std::string("direct"))));
    // Earlier versions asked at every step how much memory was free.
    tn::set_state_allowance(position.value("state_allowance", tn::state_allowance()));
    // Earlier versions kept these alone.
    const auto here = provenance_here();
    provenance_ =
        position.value("provenance", Provenance{{"threads", {std::to_string(then)}},
                                                {"matrix products", here.at("matrix products")},
                                                {"convolutions", here.at("convolutions")}});
  } catch (const nlohmann::json::exception& error) {
    base::fail("'{}' is damaged: {}", checkpoint_path(options_.folder).string(), error.what());
  }
  const auto stored = [&](const char* weights, const char* part) {
    return with_weights(state_, position.value(weights, nlohmann::json()), checkpoint.part(part))
        .to(device_);
  };
  if (best_epoch_ > 0) best_ = stored("best_weights", "best");
  state_ = laid_out(stored("weights", "state"), options_.execution);
  auto memory = checkpoint.part("optimiser");
  for (auto& [name, tensor] : memory) {
    if (!name.ends_with("/steps")) tensor = tensor.to(device_);
  }
  optimiser_->load(memory);
}

void Session::note_threads(int then) const {
  if (then == base::threads() || !options_.note) return;
  options_.note(fmt::format(
      "'{}' was begun with {} thread{} and goes on with {}: its results are not bit for "
      "bit those of one number of threads",
      options_.stage, then, then == 1 ? "" : "s", base::threads()));
}

FitResult Session::result() const {
  const auto plain = [&](const nn::State& state) {
    return nn::Network{graph_, laid_out(state.clone(), {.channels_last = false})};
  };
  const auto last = optimiser_->finished(state_);
  return {.ending = ending_,
          .message = message_,
          .last = plain(last),
          .best = plain(best_epoch_ > 0 ? optimiser_->finished(best_) : last),
          .best_epoch = best_epoch_,
          .history = history_,
          .steps = steps_,
          .seconds = seconds(),
          .provenance = provenance_};
}

}  // namespace ranklens::train
