#include "ranklens/compress/measure.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/einsum.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ranklens/compress/allocate.h"
#include "ranklens/compress/choose.h"

#include "testing/normal.h"

namespace ranklens::compress {
namespace {

using Format = nn::WeightSpec::Format;
using testing::normal_double;

at::Tensor of_terms(const nn::Shape& sizes, std::int64_t terms) {
  std::vector<at::Tensor> factors;
  for (std::size_t k = 0; k < sizes.size(); ++k)
    factors.push_back(normal_double({sizes[k], terms}, fmt::format("factor {}", k).c_str()));
  return at::einsum("or,ir,yr,xr->oiyx", factors);
}

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

TEST(Measure, ComputedTermsCorrectTheGuessesBeside) {
  const auto dense = of_terms({24, 20, 3, 3}, 40) + 0.5 * normal_double({24, 20, 3, 3}, "noise");
  auto all = candidates_for(dense);
  const auto guesses = guesses_of(all, Format::cp);
  ASSERT_GE(guesses.size(), 3U);
  const auto place = guesses[1];
  const double before = all[guesses[0]].squared_error;
  measure(dense, all, place);
  // Between the last computed one and this.
  EXPECT_TRUE(all[guesses[0]].estimated);
  EXPECT_NE(all[guesses[0]].squared_error, before);
  EXPECT_GT(all[guesses[0]].squared_error, all[place].squared_error);
  const auto own = all[place].squared_error;
  measure(dense, all, place);  // nothing is left to compute
  EXPECT_EQ(all[place].squared_error, own);
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
