#include "ranklens/compress/measure.h"

#include <gtest/gtest.h>

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

Candidate cp_of(std::int64_t terms, double error, bool estimated, double least = 0) {
  return {{.format = Format::cp, .out = {}, .in = {}, .ranks = {terms}, .eps = {}},
          10 * terms,
          error,
          estimated,
          least};
}

Candidate low_rank_of(std::int64_t numbers, double error) {
  return {
      {.format = Format::low_rank, .out = {}, .in = {}, .ranks = {1}, .eps = {}}, numbers, error};
}

TEST(Measure, TermsAreGuessedBesideOtherFormsOfTheirSize) {
  // Low rank leaves 0.8 at 10 numbers, 0.4 at 100 and 0.1 at 1000.
  std::vector<Candidate> all{low_rank_of(10, 0.8), low_rank_of(100, 0.4), low_rank_of(1000, 0.1),
                             cp_of(1, 0.4, false), cp_of(10, 1, true),    cp_of(100, 1, true)};
  estimate_terms(all);
  EXPECT_NEAR(all[4].squared_error, 0.2, 1e-12);  // half as much, as for one term
  EXPECT_NEAR(all[5].squared_error, 0.05, 1e-12);
  // At a hundred terms it is as much: at ten, half way by logarithms, three quarters.
  all[5] = cp_of(100, 0.1, false);
  estimate_terms(all);
  EXPECT_NEAR(all[4].squared_error, 0.3, 1e-12);
  // Never below what the unfoldings allow, nor above what fewer terms reach.
  all[4].least = 0.35;
  estimate_terms(all);
  EXPECT_EQ(all[4].squared_error, 0.35);
  all[4].least = 0, all[1].squared_error = 0.8;
  estimate_terms(all);
  EXPECT_NEAR(all[4].squared_error, 0.4, 1e-12);
}

TEST(Measure, ManyTermsOfALargeKernelAreComputedWhenAskedFor) {
  const auto noise = normal_double({160, 160, 3, 3}, "noise");
  auto all = candidates_for(noise);
  const auto guesses = guesses_of(all, Format::cp);
  ASSERT_FALSE(guesses.empty());
  for (const auto place : guesses) {
    EXPECT_GE(all[place].squared_error, all[place].least);
    EXPECT_LE(all[place].squared_error, 1);
  }
  measure(noise, all, guesses[0]);
  EXPECT_FALSE(all[guesses[0]].estimated);
  const auto own = all[guesses[0]].squared_error;
  EXPECT_GE(own, all[guesses[0]].least);
  measure(noise, all, guesses[0]);  // nothing is left to compute
  EXPECT_EQ(all[guesses[0]].squared_error, own);
}

}  // namespace
}  // namespace ranklens::compress
