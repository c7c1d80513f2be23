#include "ranklens/compress/measure.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/einsum.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ranklens/compress/allocate.h"
#include "ranklens/compress/choose.h"

#include "compress/kernels.h"
#include "testing/normal.h"

namespace ranklens::compress {
namespace {

using Format = nn::WeightSpec::Format;
using testing::normal_double;

std::vector<std::size_t> guesses_of(const std::vector<Candidate>& all, Format format) {
  std::vector<std::size_t> places;
  for (std::size_t k = 0; k < all.size(); ++k)
    if (all[k].estimated && all[k].spec.format == format) places.push_back(k);
  return places;
}

TEST(Measure, GuessesOfTrainsAreNearWhatTheyStandFor) {
  for (const auto& dense :
       {normal_double({24, 40}, "matrix"), normal_double({16, 12, 3, 3}, "kernel")}) {
    auto all = candidates_for(dense);
    const auto guesses = guesses_of(all, Format::tt);
    ASSERT_FALSE(guesses.empty());
    for (const auto place : guesses) {
      const double guess = all[place].squared_error;
      measure(dense, all, place);
      EXPECT_FALSE(all[place].estimated);
      EXPECT_NEAR(guess, all[place].squared_error, 0.15 * all[place].squared_error + 1e-10);
    }
  }
}

TEST(Measure, GuessesOfTermsAreNoHigherAndRiseWithWhatIsComputed) {
  const auto dense = normal_double({24, 20, 3, 3}, "noise");
  auto all = candidates_for(dense);
  const auto guesses = guesses_of(all, Format::cp);
  ASSERT_GE(guesses.size(), 3U);
  const auto before = all;
  measure(dense, all, guesses[1]);
  EXPECT_FALSE(all[guesses[1]].estimated);
  // Beyond it the line is flatter now; before it errors are no lower than its own.
  int risen = 0;
  for (const auto place : guesses) {
    EXPECT_GE(all[place].squared_error, before[place].squared_error);
    risen += all[place].squared_error > before[place].squared_error ? 1 : 0;
  }
  EXPECT_GE(risen, 2);  // itself and one more
  EXPECT_TRUE(all[guesses[0]].estimated);
  EXPECT_GE(all[guesses[0]].squared_error, all[guesses[1]].squared_error);
  const auto own = all[guesses[1]].squared_error;
  measure(dense, all, guesses[1]);  // nothing is left to compute
  EXPECT_EQ(all[guesses[1]].squared_error, own);
  for (const auto place : guesses) {
    measure(dense, all, place);
    EXPECT_LE(before[place].squared_error, 1.02 * all[place].squared_error);
  }
}

TEST(Measure, GuessesOfTermsStayAboveWhatUnfoldingsAllow) {
  // Each term gains the same until none is left: the line would reach below nothing.
  const auto dense = of_terms({24, 20, 3, 3}, 4);
  for (const auto& candidate : candidates_for(dense)) {
    if (candidate.spec.format != Format::cp) continue;
    EXPECT_GE(candidate.squared_error, 0);
    EXPECT_LE(candidate.squared_error, 1);
  }
  const auto noise = normal_double({16, 12, 3, 3}, "noise");
  const auto all = candidates_for(noise);
  for (const auto& cp : all) {
    if (cp.spec.format != Format::cp) continue;
    for (const auto& matrix : all) {
      if (matrix.spec.format != Format::low_rank || matrix.spec.ranks != cp.spec.ranks) continue;
      EXPECT_GE(cp.squared_error, matrix.squared_error - 1e-12);
    }
  }
}

TEST(Choose, OnGuessesIsAsGoodAsWithEverythingComputed) {
  const std::vector<at::Tensor> weights{
      of_terms({24, 20, 3, 3}, 30) + 0.5 * normal_double({24, 20, 3, 3}, "noise"),
      normal_double({16, 12, 3, 3}, "kernel"), normal_double({24, 40}, "matrix")};
  std::vector<std::vector<Candidate>> computed;
  std::int64_t numbers = 0;
  for (const auto& weight : weights) {
    numbers += weight.numel();
    auto all = candidates_for(weight);
    for (std::size_t k = 0; k < all.size(); ++k) measure(weight, all, k);
    computed.push_back(std::move(all));
  }
  for (const double ratio : {0.25, 0.5, 0.75}) {
    const auto budget = static_cast<std::int64_t>(ratio * static_cast<double>(numbers));
    const auto best = allocate(computed, budget);
    const auto chosen = choose(weights, ratio, {});
    double loss = 0, least = 0;
    std::int64_t taken = 0;
    for (std::size_t k = 0; k < weights.size(); ++k) {
      EXPECT_FALSE(chosen[k].estimated);
      loss += loss_of(chosen[k]);
      least += loss_of(computed[k][best[k]]);
      taken += chosen[k].parameters;
    }
    EXPECT_LE(taken, budget);
    EXPECT_LE(loss, 1.05 * least) << ratio;
  }
}

}  // namespace
}  // namespace ranklens::compress
