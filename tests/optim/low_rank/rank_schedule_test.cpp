#include "ranklens/optim/low_rank/rank_schedule.h"

#include <cmath>

#include <gtest/gtest.h>

#include "ranklens/base/error.h"
#include "ranklens/optim/low_rank/optimiser.h"
#include "ranklens/optim/low_rank/options.h"
#include "ranklens/optim/optimiser.h"

#include "testing/expect_error.h"

namespace ranklens::optim {
namespace {

using ranklens::testing::expect_error;

TEST(RankSchedule, MovesTheToleranceByEqualFactors) {
  const RankPolicy common{.tau = 0.01};
  const RankSchedule schedule{.tau_end = 0.16, .over = 4};
  const auto tau = [&](std::int64_t step) { return policy_for(common, schedule, "w", step).tau; };
  EXPECT_DOUBLE_EQ(tau(0), 0.01);
  EXPECT_NEAR(tau(1), 0.02, 1e-12);
  EXPECT_NEAR(tau(2), 0.04, 1e-12);
  EXPECT_NEAR(tau(4), 0.16, 1e-12);
  EXPECT_NEAR(tau(400), 0.16, 1e-12);
  EXPECT_DOUBLE_EQ(policy_for(common, {}, "w", 400).tau, 0.01);
}

TEST(RankSchedule, HoldsRanksAfterItsSteps) {
  EXPECT_FALSE(is_held({}, 1000));
  EXPECT_FALSE(is_held({.hold = 10}, 10));
  EXPECT_TRUE(is_held({.hold = 10}, 11));
}

TEST(RankSchedule, LayersMayHaveTheirOwn) {
  const auto layers = parse_layer_ranks("conv1:0.3; conv*:0.05:8 ;head:0.2");
  EXPECT_EQ(to_string(layers), "conv1:0.3;conv*:0.05:8;head:0.2");
  const RankPolicy common{.tau = 0.1, .floor = 9, .cap = 64};
  const RankSchedule schedule{.tau_end = 0.9, .over = 1, .layers = layers};
  EXPECT_EQ(policy_for(common, schedule, "conv1.weight", 5).tau, 0.3);
  EXPECT_EQ(policy_for(common, schedule, "conv1.weight", 5).cap, 64);
  const auto second = policy_for(common, schedule, "conv2.weight", 5);
  EXPECT_EQ(second.tau, 0.05);
  EXPECT_EQ(second.cap, 8);
  EXPECT_EQ(second.floor, 8);  // the cap goes before it
  EXPECT_NEAR(policy_for(common, schedule, "classifier.weight", 5).tau, 0.9, 1e-12);
}

// Two is the smallest rank unless another is given, or a largest below it.
TEST(RankSchedule, ACapLowersTheFloorThatNobodyGave) {
  EXPECT_NE(make_optimiser("bug(cap=1)")->spec().find("floor=1,cap=1,"), std::string::npos);
  EXPECT_NE(make_optimiser("bug(cap=5)")->spec().find("floor=2,cap=5,"), std::string::npos);
  expect_error([] { make_optimiser("bug(cap=1,floor=2)"); }, "cap=1, is below the smallest");
}

// Options that no text can ask for, either.
TEST(RankSchedule, OptionsOfOtherMethodsAreRefused) {
  using Method = LowRankOptions::Method;
  for (const auto method : {Method::fixed_bug, Method::psi, Method::bug}) {
    expect_error([&] { LowRankOptimiser({.method = method, .reject = 10}); },
                 "rejected by parallel_bug alone");
  }
  expect_error([] { LowRankOptimiser({.method = Method::core, .budget = 9}); }, "no budget");
}

TEST(RankSchedule, LayersMayHaveACapAlone) {
  const auto layers = parse_layer_ranks("conv1::10;head::250");
  EXPECT_EQ(to_string(layers), "conv1::10;head::250");
  const RankSchedule schedule{.tau_end = 0.4, .over = 100, .layers = layers};
  const RankPolicy common{.tau = 0.1};
  EXPECT_NEAR(policy_for(common, schedule, "conv1.weight", 50).tau, 0.2, 1e-12);
  EXPECT_EQ(policy_for(common, schedule, "conv1.weight", 50).cap, 10);
  expect_error([] { make_optimiser("bug(layers=conv:)"); }, "PATTERN:TAU");
  expect_error([] { make_optimiser("bug(layers=conv::)"); }, "PATTERN:TAU");
}

TEST(RankSchedule, LayersMayHaveAFloor) {
  const char* text = "conv1:0.3:8:2;conv2:::4;head:0.1::5";
  const auto layers = parse_layer_ranks(text);
  EXPECT_EQ(to_string(layers), text);
  const RankSchedule schedule{.layers = layers};
  const RankPolicy common{.tau = 0.2, .floor = 1, .cap = 3};
  const auto first = policy_for(common, schedule, "conv1.weight", 1);
  EXPECT_EQ(first.floor, 2);
  EXPECT_EQ(first.cap, 8);
  const auto second = policy_for(common, schedule, "conv2.weight", 1);
  EXPECT_EQ(second.tau, 0.2);
  EXPECT_EQ(second.floor, 4);
  EXPECT_EQ(second.cap, 4);  // the layer's floor goes before the common cap
  EXPECT_EQ(policy_for(common, schedule, "head.weight", 1).floor, 5);
  expect_error([] { make_optimiser("bug(layers=conv:::)"); }, "PATTERN:TAU");
  expect_error([] { make_optimiser("bug(layers=conv:::0)"); }, "PATTERN:TAU");
  expect_error([] { make_optimiser("bug(layers=conv:0.1:2:3:4)"); }, "PATTERN:TAU");
  expect_error([] { make_optimiser("bug(layers=conv::2:3)"); }, "2, is below its smallest, 3");
}

TEST(RankSchedule, IsPartOfTheSpec) {
  const char* text = "bug(tau=0.1,tau_end=0.2,over=50,hold=80,layers=conv*:0.05;head:0.2:16)";
  const auto made = make_optimiser(text);
  const auto spec = made->spec();
  for (const char* part : {"tau_end=0.2", "over=50", "hold=80", "layers=conv*:0.05;head:0.2:16"}) {
    EXPECT_NE(spec.find(part), std::string::npos) << spec;
  }
  EXPECT_EQ(make_optimiser(spec)->spec(), spec);
  expect_error([] { make_optimiser("bug(tau_end=0.2)"); }, "give both");
  expect_error([] { make_optimiser("bug(over=10)"); }, "give both");
  expect_error([] { make_optimiser("bug(budget_over=10)"); }, "give one");
  expect_error([] { make_optimiser("bug(budget=9,budget_over=10,hold=5)"); }, "held after 5");
  const auto shrinking = make_optimiser("bug(budget=500,budget_over=10)")->spec();
  EXPECT_NE(shrinking.find("budget=500"), std::string::npos);
  EXPECT_EQ(make_optimiser(shrinking)->spec(), shrinking);
  expect_error([] { make_optimiser("bug(layers=conv)"); }, "PATTERN:TAU");
  expect_error([] { make_optimiser("bug(layers=conv:0.1:x)"); }, "PATTERN:TAU");
  expect_error([] { make_optimiser("bug(layers=conv:1.5)"); }, "above 0 and below 1");
  expect_error([] { make_optimiser("fixed_bug(hold=3)"); }, "no option 'hold'");
}

TEST(RankSchedule, ABudgetComesDownByEqualFactors) {
  const RankSchedule over_four{.budget_over = 4};
  std::vector<std::int64_t> found;
  for (const std::int64_t step : {1, 2, 3, 4, 5, 100})
    found.push_back(budget_for(100, over_four, 1600, step));
  EXPECT_EQ(found, (std::vector<std::int64_t>{800, 400, 200, 100, 100, 100}));
  EXPECT_EQ(budget_for(100, {}, 1600, 1), 100);
  EXPECT_EQ(budget_for(2000, over_four, 1600, 1), 2000);  // more than the weights could hold
}

}  // namespace
}  // namespace ranklens::optim
