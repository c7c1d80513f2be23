#include "ranklens/train/fit.h"

#include <algorithm>
#include <cmath>
#include <fstream>

#include <ATen/ops/one_hot.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/clock.h"
#include "ranklens/base/files.h"
#include "ranklens/base/interrupt.h"
#include "ranklens/base/safetensors.h"
#include "ranklens/base/threads.h"
#include "ranklens/train/checkpoint.h"
#include "ranklens/train/evaluate.h"

#include "testing/close.h"
#include "testing/expect_error.h"
#include "testing/temporary_folder.h"
#include "train/tiny.h"

namespace ranklens::train {
namespace {

using ranklens::testing::close;
using ranklens::testing::error_of;
using ranklens::testing::TemporaryFolder;
using ::testing::HasSubstr;

FitOptions small(const std::filesystem::path& folder = {}) {
  return {.epochs = 4,
          .batch = 16,
          .optimiser = "adam(lr=0.02)",
          .seed = 5,
          .augment = {.flip = true},
          .folder = folder};
}

// Two whole-batch steps of gradient descent on a linear map, written out.
TEST(Fit, IsGradientDescent) {
  const auto data = tiny_data(24, 1);
  const auto network = linear_network();
  const auto result = fit(network, data, {},
                          {.epochs = 2,
                           .batch = 24,
                           .optimiser = "sgd(lr=0.5)",
                           .schedule = "step(every=1,factor=0.5)"});
  const at::Tensor x = data.images.view({24, 64}).to(at::kDouble);
  const at::Tensor hot = at::one_hot(data.labels, 3).to(at::kDouble);
  at::Tensor w = network.state.tensor("head.weight").to(at::kDouble);
  for (const double rate : {0.5, 0.25}) {
    w = w.sub(x.matmul(w.t()).softmax(1).sub(hot).t().matmul(x), rate / 24);
  }
  EXPECT_TRUE(close(result.last.state.tensor("head.weight").to(at::kDouble), w));
  EXPECT_EQ(result.steps, 2);
  EXPECT_EQ(result.history[1].rate, 0.5);
  EXPECT_TRUE(std::isnan(result.history[1].validation_loss));
  EXPECT_TRUE(same_state(result.best.state, result.last.state));
}

TEST(Fit, LearnsAndLeavesTheNetworkGivenAlone) {
  const auto network = tiny_network();
  const auto before = network.clone();
  const auto result = fit(network, tiny_data(200, 1), tiny_data(100, 2),
                          {.epochs = 8, .batch = 20, .optimiser = "adam(lr=0.02)"});
  EXPECT_EQ(result.ending, FitResult::Ending::finished);
  EXPECT_GT(result.history.back().validation_accuracy, 0.9);
  EXPECT_LT(result.history.back().loss, result.history.front().loss);
  EXPECT_EQ(result.steps, 80);
  EXPECT_TRUE(same_state(network.state, before.state));
  EXPECT_TRUE(result.last.state.tensor("conv.weight").is_contiguous());
}

// With labels of noise the validation loss soon rises: the best epoch is not the last, and the
// state kept is that epoch's, whichever figure decides.
TEST(Fit, KeepsTheBestEpoch) {
  auto validation = tiny_data(60, 2, 0.2);
  for (const auto by : {BestBy::loss, BestBy::accuracy}) {
    const auto result =
        fit(tiny_network(), tiny_data(60, 1, 0.1), validation,
            {.epochs = 10, .batch = 15, .optimiser = "adam(lr=0.1)", .best_by = by});
    std::size_t best = 0;
    for (std::size_t k = 1; k < result.history.size(); ++k) {
      const auto& now = result.history[k];
      const auto& kept = result.history[best];
      const bool better = by == BestBy::loss ? now.validation_loss < kept.validation_loss
                                             : now.validation_accuracy > kept.validation_accuracy;
      if (better) best = k;
    }
    EXPECT_EQ(result.best_epoch, result.history[best].epoch);
    EXPECT_LT(result.best_epoch, 10);
    const auto found = evaluate(result.best, validation);
    EXPECT_NEAR(found.loss, result.history[best].validation_loss, 1e-5);
    EXPECT_DOUBLE_EQ(found.accuracy, result.history[best].validation_accuracy);
    EXPECT_FALSE(same_state(result.best.state, result.last.state));
  }
}

// What came before, while ranks were being found, say, is not chosen however good it was.
TEST(Fit, ChoosesTheBestEpochFromOneOn) {
  auto validation = tiny_data(60, 2, 0.2);
  const FitOptions options{.epochs = 10, .batch = 15, .optimiser = "adam(lr=0.1)"};
  const auto all = fit(tiny_network(), tiny_data(60, 1, 0.1), validation, options);
  auto late = options;
  late.best_from = all.best_epoch + 1;
  const auto found = fit(tiny_network(), tiny_data(60, 1, 0.1), validation, late);
  EXPECT_GT(found.best_epoch, all.best_epoch);
  for (const auto& epoch : found.history) {
    if (epoch.epoch < late.best_from) continue;
    const auto& best = found.history[static_cast<std::size_t>(found.best_epoch - 1)];
    EXPECT_GE(epoch.validation_loss, best.validation_loss);
  }
  late.best_from = 11;
  ranklens::testing::expect_error(
      [&] { fit(tiny_network(), tiny_data(60, 1, 0.1), validation, late); },
      "the best epoch is one from 1 to 10");
}

TEST(Fit, SameSeedSameBitsOtherSeedOthers) {
  const auto data = tiny_data(50, 1);
  auto options = small();
  const auto a = fit(tiny_network(), data, {}, options);
  const auto b = fit(tiny_network(), data, {}, options);
  EXPECT_TRUE(same_state(a.last.state, b.last.state));
  options.seed = 6;
  EXPECT_FALSE(same_state(a.last.state, fit(tiny_network(), data, {}, options).last.state));
}

// Two threads work on the cores of two layers at a time, and their ranks are found on the way.
TEST(Fit, SameSeedSameBitsOnTwoThreadsWhereRanksAreFound) {
  const base::ThreadScope two(2);
  const auto data = tiny_data(200, 1);
  const auto trained = [&](std::uint64_t seed) {
    auto options = small();
    options.batch = 50;
    options.optimiser = "bug(lr=0.02,tau=0.6,s=2)";
    options.seed = seed;
    return fit(low_rank_network(), data, {}, options);
  };
  const auto a = trained(5), b = trained(5);
  EXPECT_TRUE(same_state(a.last.state, b.last.state));
  ASSERT_EQ(a.history.size(), b.history.size());
  for (std::size_t k = 0; k < a.history.size(); ++k) {
    EXPECT_EQ(a.history[k].loss, b.history[k].loss);
    EXPECT_EQ(a.history[k].observed, b.history[k].observed);
  }
  EXPECT_LT(a.history.back().observed.at("rank/fc1.weight"), 6);
  EXPECT_NE(a.history.back().loss, trained(6).history.back().loss);
}

// Stopped in the middle of an epoch and at the very start, with a schedule that remembers.
TEST(Fit, InterruptedAndResumedEndsTheSame) {
  const auto data = tiny_data(50, 1), validation = tiny_data(20, 2);
  auto options = small();
  options.schedule = "plateau(patience=0,factor=0.5,threshold=0.1)";
  const auto expected = fit(tiny_network(), data, validation, options);
  const TemporaryFolder folder;
  options.folder = folder.path();
  int steps = 0;
  options.progress = [&](const base::ProgressUpdate&) {
    if (++steps % 3 == 0) base::request_interrupt();
  };
  FitResult result;
  int calls = 0;
  do {
    base::clear_interrupt();
    result = fit(tiny_network(), data, validation, options);
    ++calls;
  } while (result.ending == FitResult::Ending::interrupted && calls < 20);
  base::clear_interrupt();
  EXPECT_EQ(calls, 6);  // 16 steps in threes
  EXPECT_TRUE(same_state(result.last.state, expected.last.state));
  EXPECT_TRUE(same_state(result.best.state, expected.best.state));
  ASSERT_EQ(result.history.size(), expected.history.size());
  for (std::size_t k = 0; k < result.history.size(); ++k) {
    EXPECT_EQ(result.history[k].loss, expected.history[k].loss);
    EXPECT_EQ(result.history[k].validation_loss, expected.history[k].validation_loss);
    EXPECT_EQ(result.history[k].rate, expected.history[k].rate);
  }
  const auto again = fit(tiny_network(), data, validation, options);  // finished: nothing to do
  EXPECT_EQ(steps, 16);
  EXPECT_TRUE(same_state(again.best.state, expected.best.state));
}

TEST(Fit, WritesMetricsAsJsonLines) {
  const TemporaryFolder folder;
  const auto result = fit(tiny_network(), tiny_data(50, 1), {}, small(folder.path()));
  std::ifstream file(folder / "metrics.jsonl");
  std::size_t lines = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    const auto metrics = read_metrics(nlohmann::json::parse(line));
    EXPECT_EQ(metrics.epoch, static_cast<std::int64_t>(lines) + 1);
    EXPECT_EQ(metrics.loss, result.history[lines].loss);
    EXPECT_TRUE(std::isnan(metrics.validation_loss));
    EXPECT_EQ(metrics.processor_seconds, result.history[lines].processor_seconds);
  }
  EXPECT_EQ(lines, 4U);
}

TEST(Fit, CountsTheProcessorsTimeOfEachEpoch) {
  const double before = base::processor_seconds();
  const auto result = fit(tiny_network(), tiny_data(50, 1), {}, small());
  const double all = base::processor_seconds() - before;
  EXPECT_TRUE(has_processor_seconds(result.history));
  double sum = 0;
  for (const auto& epoch : result.history) sum += epoch.processor_seconds;
  EXPECT_LE(sum, all);
}

TEST(Fit, RefusesAFolderOfAnotherConfiguration) {
  const TemporaryFolder folder;
  const auto data = tiny_data(50, 1);
  const auto options = small(folder.path());
  fit(tiny_network(), data, {}, options);
  const auto message = [&](auto change) {
    auto changed = options;
    change(changed);
    return error_of([&] { fit(tiny_network(), data, {}, changed); });
  };
  EXPECT_THAT(message([](auto& o) { o.epochs = 5; }), HasSubstr("epochs is 4 there and 5 here"));
  EXPECT_THAT(message([](auto& o) { o.optimiser = "sgd"; }), HasSubstr("optimiser is \"adam"));
  EXPECT_THAT(message([](auto& o) { o.augment.crop = 1; }), HasSubstr("augment"));
  EXPECT_THAT(error_of([&] { fit(tiny_network(2), data, {}, options); }), HasSubstr("network"));
  EXPECT_THAT(error_of([&] { fit(tiny_network(), tiny_data(50, 9), {}, options); }),
              HasSubstr("training data"));
  EXPECT_EQ(message([](auto& o) { o.checkpoint_seconds = 1; }), "");  // changes no result
}

TEST(Fit, RefusesADamagedCheckpoint) {
  const TemporaryFolder folder;
  const auto data = tiny_data(50, 1);
  fit(tiny_network(), data, {}, small(folder.path()));
  const auto path = checkpoint_path(folder.path());
  const std::string bytes = base::read_file(path);
  base::write_file(path, bytes.substr(0, bytes.size() / 2));
  EXPECT_NE(error_of([&] { fit(tiny_network(), data, {}, small(folder.path())); }), "");
  base::write_file(path, "");
  EXPECT_NE(error_of([&] { fit(tiny_network(), data, {}, small(folder.path())); }), "");
}

TEST(Fit, StopsWhereTheLossIsNotFinite) {
  const TemporaryFolder folder;
  auto options = small(folder.path());
  options.optimiser = "sgd(lr=1e6)";
  options.checkpoint_steps = 1;
  const auto result = fit(tiny_network(), tiny_data(50, 1), {}, options);
  EXPECT_EQ(result.ending, FitResult::Ending::diverged);
  EXPECT_THAT(result.message, HasSubstr("at step"));
  EXPECT_THAT(result.message, HasSubstr("the last checkpoint is of step"));
  const auto kept = base::read_safetensors(checkpoint_path(folder.path()));
  for (const auto& [name, tensor] : kept.tensors) {
    EXPECT_TRUE(tensor.abs().lt(1e38).all().item<bool>()) << name;
  }
}

TEST(Fit, ChecksItsOptions) {
  const auto data = tiny_data(10, 1);
  for (const auto& options : std::vector<FitOptions>{{.epochs = 0},
                                                     {.batch = 0},
                                                     {.optimiser = "adm"},
                                                     {.schedule = "cosin"},
                                                     {.label_smoothing = 1},
                                                     {.clip_norm = -1},
                                                     {.accumulate = 0}}) {
    EXPECT_NE(error_of([&] { fit(tiny_network(), data, {}, options); }), "");
  }
}

TEST(Fit, AFactorOnTheRateIsThatRate) {
  const auto trained = [](const char* optimiser, double rate) {
    return fit(tiny_network(), tiny_data(32, 1), {},
               {.epochs = 2, .batch = 8, .optimiser = optimiser, .rate = rate})
        .last.state;
  };
  EXPECT_TRUE(same_state(trained("sgd(lr=0.25)", 0.5), trained("sgd(lr=0.125)", 1)));
  EXPECT_FALSE(same_state(trained("sgd(lr=0.25)", 0.5), trained("sgd(lr=0.25)", 1)));
  ranklens::testing::expect_error([&] { trained("sgd(lr=0.1)", 0); }, "above 0, not 0");
}

}  // namespace
}  // namespace ranklens::train
