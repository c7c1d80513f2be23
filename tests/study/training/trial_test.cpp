#include "ranklens/study/training/trial.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/diag.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_svdvals.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/clock.h"
#include "ranklens/base/device.h"
#include "ranklens/base/error.h"
#include "ranklens/base/interrupt.h"
#include "ranklens/data/open.h"
#include "ranklens/nn/weights/fixed_rank.h"
#include "ranklens/nn/zoo/zoo.h"
#include "ranklens/study/training/counts.h"
#include "ranklens/study/training/decaying.h"
#include "ranklens/study/training/trials.h"

#include "testing/close.h"
#include "testing/expect_error.h"
#include "testing/temporary_folder.h"

namespace ranklens::study {
namespace {

using ranklens::testing::expect_error;
using ranklens::testing::TemporaryFolder;

data::Dataset few_images() {
  return data::open("scenes:train=160,test=80,size=28", {.split = data::Split::all, .grey = true});
}

// 430,500 weights of LeNet5 and, at three published ranks, r (m + n) of each and the dense last
// layer (the published table has 13,091, 20,033 and 37,445, without one of the two factors).
TEST(WeightCount, IsThatOfTheLiterature) {
  EXPECT_EQ(count_weights(nn::zoo::lenet5({})).stored, 430500);
  struct Line {
    std::int64_t conv1, conv2, head, stored;
    double saved;
  };
  for (const auto& line :
       {Line{8, 8, 15, 29260, .932}, Line{9, 16, 28, 50605, .882}, Line{10, 23, 62, 98700, .771}}) {
    const auto network = nn::zoo::lenet5(
        {.layers = fmt::format("conv1: low_rank(r={}); conv2: low_rank(r={}); head: low_rank(r={})",
                               line.conv1, line.conv2, line.head)});
    const auto count = count_weights(network);
    EXPECT_EQ(count.stored, line.stored);
    EXPECT_EQ(count.dense, 430500);
    EXPECT_NEAR(count.saved(), line.saved, 5e-4);
    EXPECT_EQ(ranks_of(network).at("head.weight"), line.head);
  }
}

TEST(SplitAnew, DividesEveryClassAndLosesNothing) {
  const auto all = few_images();
  const auto a = split_anew(all, 1. / 6, 1. / 4, 1), b = split_anew(all, 1. / 6, 1. / 4, 2);
  EXPECT_EQ(a.training.size() + a.validation.size() + a.test.size(), all.size());
  EXPECT_NEAR(static_cast<double>(a.test.size()), static_cast<double>(all.size()) / 4, 10);
  EXPECT_NEAR(static_cast<double>(a.validation.size()), static_cast<double>(all.size()) / 6, 10);
  // Every image is in one part: sums over parts are the sum over all.
  const auto sum = [](const data::Dataset& data) { return data.images.sum().item<std::int64_t>(); };
  EXPECT_EQ(sum(a.training) + sum(a.validation) + sum(a.test), sum(all));
  EXPECT_NE(a.test.hash, b.test.hash);
  EXPECT_EQ(a.test.hash, split_anew(all, 1. / 6, 1. / 4, 1).test.hash);
  EXPECT_EQ(split_anew(all, 0, 0.5, 1).validation.size(), 0);
  expect_error([&] { split_anew(all, 0.5, 0.5, 1); }, "leave none");
}

TEST(DecayingValues, AreThoseOfTheFactors) {
  const auto fresh = nn::zoo::lenet5({.layers = "head: low_rank(r=6)", .seed = 1});
  const auto steep = reproductions::with_decaying_values(fresh, 10, 5);
  const auto flat = reproductions::with_decaying_values(fresh, 1, 5);
  const auto values = [](const nn::Network& network) {
    return at::linalg_svdvals(network.state.at("head.weight").weight->dense().to(at::kDouble))
        .narrow(0, 0, 6);
  };
  // The same draw, divided by 10^k.
  const auto ratio = values(flat) / values(steep);
  for (int k = 0; k < 6; ++k) EXPECT_NEAR(std::log10(ratio[k].item<double>()), k, 1e-3) << k;
  // Both factors have their roots: U^T U = V^T V = S, seen relative to the two columns of an entry.
  for (const auto* network : {&flat, &steep}) {
    const auto& weight =
        static_cast<const nn::FixedRank&>(*network->state.at("head.weight").weight);
    ASSERT_FALSE(weight.s().defined());
    const auto u = weight.u().to(at::kDouble), v = weight.v().to(at::kDouble);
    const auto roots = u.square().sum(0).sqrt();
    const auto one = at::eye(6, at::kDouble), columns_u = u / roots, columns_v = v / roots;
    EXPECT_LT((columns_u.t().matmul(columns_u) - one).abs().max().item<double>(), 1e-5);
    EXPECT_LT((columns_v.t().matmul(columns_v) - one).abs().max().item<double>(), 1e-5);
  }
  // Nothing else is drawn anew.
  EXPECT_TRUE(at::equal(fresh.state.tensor("conv1.weight"), steep.state.tensor("conv1.weight")));
  expect_error([&] { reproductions::with_decaying_values(fresh, 0.5, 1); }, "at least 1");
}

TEST(CutToRank, IsTheBestOfThatRank) {
  const auto dense = nn::zoo::mlp({.hidden = {30, 20}, .seed = 2});
  const auto cut = reproductions::cut_to_rank(dense, 4, {"fc2"});
  const auto before = dense.state.tensor("fc2.weight"),
             after = cut.state.at("fc2.weight").weight->dense();
  const auto values = at::linalg_svdvals(before);
  EXPECT_NEAR((before - after).norm().item<double>(), values.narrow(0, 4, 16).norm().item<double>(),
              1e-5);
  EXPECT_TRUE(at::equal(cut.state.tensor("fc1.weight"), dense.state.tensor("fc1.weight")));
}

Trial two_phases(std::uint64_t seed) {
  Phase first{.name = "dense", .fit = {.epochs = 1, .batch = 40}},
      second{.name = "cut", .fit = {.epochs = 2, .batch = 40, .optimiser = "fixed_bug(lr=1e-3)"}};
  second.before = [](const nn::Network& network) {
    return reproductions::cut_to_rank(network, 3, {"fc1"});
  };
  return {.arm = "mlp",
          .seed = seed,
          .network = [seed] { return nn::zoo::mlp({.size = 28, .hidden = {16}, .seed = seed}); },
          .phases = {first, second},
          .follow_test = true};
}

TEST(Trial, RunsPhaseAfterPhaseAndSaysWhatCameOut) {
  const TemporaryFolder folder;
  const auto data = split_anew(few_images(), 1. / 6, 1. / 6, 1);
  const Experiment::Work work{.cell = "mlp-s1", .folder = folder / "mlp-s1", .progress = {}};
  const auto result = run(two_phases(1), data, work);
  ASSERT_EQ(result.at("phases").size(), 2U);
  const auto dense = phase_of(result, "dense"), cut = phase_of(result, "cut");
  EXPECT_EQ(dense.at("history").size(), 1U);
  EXPECT_EQ(cut.at("history").size(), 2U);
  EXPECT_FALSE(dense.contains("before"));
  EXPECT_TRUE(cut.contains("before"));
  EXPECT_EQ(cut.at("ranks").at("fc1.weight"), 3);
  EXPECT_EQ(cut.at("weights").at("stored"), 3 * (16 + 784) + 160);
  // The chosen network's accuracy on the test images is the one that was followed at its epoch.
  const auto best = cut.at("best_epoch").get<std::size_t>();
  EXPECT_DOUBLE_EQ(cut.at("test").at("accuracy").get<double>(),
                   cut.at("history")[best - 1].at("observed").at("test_accuracy").get<double>());
  EXPECT_TRUE(phase_of(result, "third").is_null());
  // Seeds name everything: the same again, without what a clock measured.
  auto again = run(two_phases(1), data, {.cell = "mlp-s1", .folder = "", .progress = {}});
  EXPECT_EQ(again.at("phases")[1].at("test"), cut.at("test"));
  EXPECT_NE(run(two_phases(2), data, {.cell = "mlp-s2", .folder = "", .progress = {}})
                .at("phases")[1]
                .at("test")
                .at("loss"),
            cut.at("test").at("loss"));
}

TEST(Trial, TellsWhatEarlierProcessesPutIntoIt) {
  const TemporaryFolder folder;
  const auto data = split_anew(few_images(), 1. / 6, 1. / 6, 1);
  Experiment::Earlier first, second;
  Experiment::Work work{.cell = "mlp-s1", .folder = folder / "mlp-s1", .progress = {}};
  auto stopped = work;
  stopped.earlier = &first;
  stopped.progress = [](const base::ProgressUpdate&) { base::request_interrupt(); };
  EXPECT_TRUE(run(two_phases(1), data, stopped).is_null());
  base::clear_interrupt();
  EXPECT_EQ(first.seconds, 0);
  work.earlier = &second;
  const base::Stopwatch watch;
  const auto result = run(two_phases(1), data, work);
  const double now = watch.seconds();
  EXPECT_GT(second.seconds, 0);
  double phases = 0;
  for (const auto& phase : result.at("phases")) phases += phase.at("seconds").get<double>();
  EXPECT_LE(phases, second.seconds + now + 1e-6);
  EXPECT_EQ(second.provenance.at("device"), std::vector<std::string>{"cpu"});
}

TEST(Trial, APhaseMayBeginWhereAnEarlierOneEnded) {
  auto trial = two_phases(1);
  const auto data = split_anew(few_images(), 1. / 6, 1. / 6, 1);
  const Experiment::Work work{.cell = "mlp-s1", .folder = "", .progress = {}};
  const auto straight = run(trial, data, work).at("phases");
  auto between = trial.phases[1];
  between.name = "between";
  between.before = {};
  between.fit.optimiser = "sgd(lr=0.5)";
  trial.phases.insert(trial.phases.begin() + 1, between);
  trial.phases[2].from = trial.phases[0].name;
  const auto beside = run(trial, data, work).at("phases");
  EXPECT_EQ(beside[2].at("test"), straight[1].at("test"));
  EXPECT_NE(beside[1].at("test"), straight[1].at("test"));
}

TEST(Trials, KnowEveryRecipe) {
  Trials trials{.name = "two", .settings = {{"data", "x"}}};
  trials.trials = {two_phases(1), two_phases(2)};
  const auto made = experiment(trials);
  EXPECT_THAT(made.cells, ::testing::ElementsAre("mlp-s1", "mlp-s2"));
  EXPECT_EQ(made.settings.at("arms").at("mlp")[1].at("optimiser"), "fixed_bug(lr=1e-3)");
  trials.trials.pop_back();
  EXPECT_EQ(experiment(trials).settings, made.settings);
  const auto differs = [&](auto&& change) {
    auto other = trials;
    change(other.trials[0].phases[0].fit);
    return experiment(other).settings != made.settings;
  };
  EXPECT_TRUE(differs([](train::FitOptions& fit) { fit.epochs = 9; }));
  EXPECT_TRUE(differs([](train::FitOptions& fit) { fit.best_from = 2; }));
  EXPECT_TRUE(differs([](train::FitOptions& fit) { fit.best_by = train::BestBy::accuracy; }));
  EXPECT_TRUE(differs([](train::FitOptions& fit) { fit.accumulate = 2; }));
}

TEST(Trials, MakeThoseThatAreAskedFor) {
  Trials trials{.name = "two", .settings = {{"data", "x"}}};
  trials.trials = {two_phases(1), two_phases(2)};
  trials.trials[1].arm = "other";
  const auto both = experiment(trials);
  ask_for(trials, {"other"});
  const auto one = experiment(trials);
  EXPECT_THAT(one.cells, ::testing::ElementsAre("other-s2"));
  EXPECT_THAT(one.others, ::testing::ElementsAre("mlp-s1"));
  EXPECT_EQ(one.settings, both.settings);
  expect_error([&] { ask_for(trials, {"otter"}); }, "two has no arm 'otter'; nearest: 'other'");
  trials.trials[1].asked = false;
  expect_error([&] { experiment(trials); }, "none of the arms");
}

TEST(Trials, AreTriedBeforeTheyAreMade) {
  Trials trials{.name = "two", .data = [](std::uint64_t seed) {
                  return split_anew(few_images(), 1. / 6, 1. / 6, seed);
                }};
  trials.trials = {two_phases(1)};
  EXPECT_NO_THROW(experiment(trials).check());
  trials.trials[0].phases[0].fit.optimiser = "riemannian_sgd";
  expect_error([&] { experiment(trials).check(); }, "riemannian_sgd");
}

TEST(Trials, OfTheirOwnWayStayOnTheProcessor) {
  Trials trials{.name = "two"};
  trials.trials = {two_phases(1), {.arm = "own", .seed = 1, .make = [](const auto&, const auto&) {
                                     return nlohmann::json();
                                   }}};
  EXPECT_NO_THROW(train_on(trials, at::kCPU));
  expect_error([&] { train_on(trials, at::Device("cuda:0")); }, "--device cpu");
  trials.trials[1].asked = false;
  EXPECT_NO_THROW(train_on(trials, at::Device("cuda:0")));
  EXPECT_EQ(experiment(trials).device, at::Device("cuda:0"));
}

TEST(Trials, TrainOnAnotherDeviceAsOnTheProcessor) {
  at::Device cuda = at::kCPU;
  try {
    cuda = base::parse_device("cuda:0");
  } catch (const base::Error& error) {
    GTEST_SKIP() << error.what();
  }
  base::compute_in_full_precision();
  Trials trials{.name = "one"};
  trials.trials = {two_phases(1)};
  const auto data = split_anew(few_images(), 1. / 6, 1. / 6, 1);
  const auto loss = [&] {
    const auto result =
        run(trials.trials[0], data, {.cell = "mlp-s1", .folder = "", .progress = {}});
    return phase_of(result, "cut").at("history").back().at("loss").get<double>();
  };
  const double here = loss();
  train_on(trials, cuda);
  EXPECT_TRUE(trials.trials[0].network().state.tensor("fc1.weight").is_cuda());
  EXPECT_NEAR(loss(), here, 1e-2 * here);
}

}  // namespace
}  // namespace ranklens::study
