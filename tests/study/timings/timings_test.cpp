#include "ranklens/study/timings/timings.h"

#include <cmath>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"

#include "testing/expect_error.h"

namespace ranklens::study::timings {
namespace {

TEST(BreakEven, IsWhereTheRatioComesToOne) {
  // ratio = 100 / rank: exact between ranks by logarithms.
  EXPECT_NEAR(break_even({10, 50, 400}, {10, 2, 0.25}), 100, 1e-9);
  EXPECT_EQ(break_even({10, 50}, {0.9, 0.5}), 0);
  EXPECT_EQ(break_even({10, 50}, {3, 1.5}), 50);
  // The published training times, per batch, dense 0.320 s: about 131.
  const std::vector<double> ranks{5, 10, 20, 40, 80, 160, 320},
      seconds{.072, .087, .099, .133, .199, .388, .855};
  std::vector<double> ratios;
  for (const double one : seconds) ratios.push_back(.320 / one);
  EXPECT_NEAR(break_even(ranks, ratios), 131, 4);
}

TEST(Timings, MeasureEveryMethodBesideTheDenseNetwork) {
  const Options options{
      .layers = 2, .width = 32, .batch = 8, .ranks = {2, 16}, .largest_augmented = 8, .repeats = 1};
  const auto made = experiment(options);
  EXPECT_THAT(made.cells, ::testing::ElementsAre("r2", "r16"));
  const auto low = made.make({.cell = "r2", .folder = "", .progress = {}});
  EXPECT_EQ(low.at("train").size(), methods().size());
  for (const auto& [id, seconds] : low.at("train").items()) {
    EXPECT_GT(seconds.at("seconds").get<double>(), 0) << id;
    EXPECT_GT(seconds.at("dense").get<double>(), 0) << id;
  }
  EXPECT_GT(low.at("predict").at("dense").get<double>(), 0);
  const auto high = made.make({.cell = "r16", .folder = "", .progress = {}});
  EXPECT_TRUE(high.at("train").contains("fixed-bug"));
  EXPECT_FALSE(high.at("train").contains("parallel-bug"));
  testing::expect_error([] { experiment({.width = 8, .ranks = {9}}); }, "from 1 to the width 8");
}

}  // namespace
}  // namespace ranklens::study::timings
