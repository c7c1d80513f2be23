#include "ranklens/study/timings/timings.h"

#include <ATen/ops/eye.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/base/random.h"
#include "ranklens/base/scope_clock.h"
#include "ranklens/base/scopes.h"
#include "ranklens/optim/low_rank/orthonormalise.h"
#include "ranklens/optim/low_rank/truncate.h"
#include "ranklens/tn/linalg/factorise.h"

#include "testing/expect_error.h"

namespace ranklens::study::timings {
namespace {

TEST(BreakEven, IsWhereTheRatioComesToOne) {
  // ratio = 100 / rank: exact between ranks by logarithms.
  const auto found = break_even({10, 50, 400}, {10, 2, 0.25});
  EXPECT_NEAR(found.rank, 100, 1e-9);
  EXPECT_FALSE(found.beyond);
  EXPECT_EQ(break_even({10, 50}, {0.9, 0.5}).rank, 0);
  EXPECT_FALSE(break_even({10, 50}, {0.9, 0.5}).beyond);
  // Faster at all of them: the rank is not below the last.
  EXPECT_EQ(break_even({10, 50}, {3, 1.5}).rank, 50);
  EXPECT_TRUE(break_even({10, 50}, {3, 1.5}).beyond);
  // The published training times, per batch, dense 0.320 s: about 131.
  const std::vector<double> ranks{5, 10, 20, 40, 80, 160, 320},
      seconds{.072, .087, .099, .133, .199, .388, .855};
  std::vector<double> ratios;
  for (const double one : seconds) ratios.push_back(.320 / one);
  EXPECT_NEAR(break_even(ranks, ratios).rank, 131, 4);
}

TEST(FactorisationScope, MarksFactorisations) {
  const base::ScopeClock clock(base::factorisation_scope);
  base::Stream stream(1, "study");
  optim::orthonormal_columns(stream.normal({20, 4}));
  EXPECT_EQ(clock.parts(), 1);
  // By Gram matrices, or by reflections within: one part either way.
  optim::complement(at::eye(20).narrow(1, 0, 3), stream.normal({20, 4}));
  EXPECT_EQ(clock.parts(), 2);
  optim::complement(at::eye(20).narrow(1, 0, 3), at::zeros({20, 4}));
  EXPECT_EQ(clock.parts(), 3);
  optim::singular_values(stream.normal({4, 4}));
  tn::qr(stream.normal({9, 4}));
  EXPECT_EQ(clock.parts(), 5);
}

TEST(Timings, MeasureEveryMethodBesideTheDenseNetwork) {
  const Options options{.layers = 2, .width = 32, .batch = 8, .ranks = {2, 16}, .repeats = 2};
  const auto made = experiment(options);
  EXPECT_THAT(made.cells, ::testing::ElementsAre("r2", "r16"));
  for (const char* name : {"r2", "r16"}) {
    const auto cell = made.make({.cell = name, .folder = "", .progress = {}});
    ASSERT_EQ(cell.at("train").size(), methods().size());
    for (const auto& [id, entry] : cell.at("train").items()) {
      EXPECT_EQ(entry.at("seconds").size(), 2U) << id;
      EXPECT_EQ(entry.at("dense").size(), 2U) << id;
      EXPECT_GT(entry.at("seconds")[1].get<double>(), 0) << id;
      const double share = entry.at("factorising").get<double>();
      EXPECT_LT(share, 1) << id;
      if (id == "uv" || id == "dense-descent") {
        EXPECT_EQ(share, 0);
      } else {
        EXPECT_GT(share, 0) << id;
      }
    }
    EXPECT_EQ(cell.at("predict").at("dense").size(), 6U);
    // Weights, gradients and two moments at least, in float32.
    EXPECT_GT(cell.at("dense bytes").get<std::int64_t>(), 4 * 2 * 32 * 32 * 4);
  }
  testing::expect_error([] { experiment({.width = 8, .ranks = {9}}); }, "from 1 to the width 8");
}

TEST(Timings, StopRepeatingWhenPatienceEndsAndHoldLessAtSmallRanks) {
  const Options options{
      .layers = 2, .width = 256, .batch = 8, .ranks = {4}, .repeats = 50, .patience = 0};
  const auto made = experiment(options);
  const auto cell = made.make({.cell = "r4", .folder = "", .progress = {}});
  for (const auto& [id, entry] : cell.at("train").items()) {
    EXPECT_EQ(entry.at("seconds").size(), 1U) << id;
    const double bound = id == "dense-descent" ? 1 : 0.3;
    EXPECT_LT(entry.at("bytes").get<double>(), bound * cell.at("dense bytes").get<double>()) << id;
  }
  EXPECT_TRUE(is_reduced(options));
  EXPECT_FALSE(is_reduced({}));
}

TEST(Timings, AMedianOfAnEvenNumberIsBetweenTheMiddleTwo) {
  EXPECT_EQ(median({5, 1, 3}), 3);
  EXPECT_EQ(median({3, 1}), 2);
  EXPECT_EQ(median({9, 1, 2, 4}), 3);
}

}  // namespace
}  // namespace ranklens::study::timings
