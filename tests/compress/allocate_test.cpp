#include "ranklens/compress/allocate.h"

#include <cmath>

#include <gmock/gmock.h>

#include "testing/expect_error.h"

namespace ranklens::compress {
namespace {

/// Candidates on a convex curve of error against numbers.
std::vector<Candidate> curve(double scale, std::int64_t unit, int count) {
  std::vector<Candidate> candidates;
  for (int k = 0; k <= count; ++k)
    candidates.push_back({{}, unit * (k + 1), scale * std::pow(0.5, k)});
  return candidates;
}

std::vector<Candidate> chosen_of(const std::vector<std::vector<Candidate>>& weights,
                                 std::int64_t budget) {
  const auto places = allocate(weights, budget);
  std::vector<Candidate> chosen;
  for (std::size_t k = 0; k < weights.size(); ++k) chosen.push_back(weights[k].at(places.at(k)));
  return chosen;
}

TEST(Allocate, IsAsGoodAsAnyChoiceThatTakesAStepLess) {
  const std::vector<std::vector<Candidate>> weights{curve(0.9, 10, 6), curve(0.3, 17, 5),
                                                    curve(0.7, 33, 4)};
  const std::int64_t largest_step = 33;
  for (const std::int64_t budget : {70, 100, 150, 200, 260}) {
    const auto chosen = chosen_of(weights, budget);
    std::int64_t numbers = 0;
    double kept = 1;
    for (const auto& c : chosen) numbers += c.parameters, kept *= 1 - c.squared_error;
    EXPECT_LE(numbers, budget);
    for (const auto& a : weights[0]) {
      for (const auto& b : weights[1]) {
        for (const auto& c : weights[2]) {
          if (a.parameters + b.parameters + c.parameters > budget - largest_step) continue;
          EXPECT_LE((1 - a.squared_error) * (1 - b.squared_error) * (1 - c.squared_error),
                    kept + 1e-12);
        }
      }
    }
    // And none of the weights can be stored better with what is left.
    for (std::size_t k = 0; k < weights.size(); ++k) {
      for (const auto& other : weights[k]) {
        if (numbers - chosen[k].parameters + other.parameters > budget) continue;
        EXPECT_GE(other.squared_error, chosen[k].squared_error);
      }
    }
  }
}

TEST(Allocate, SpendsWhatALargeStepLeaves) {
  // The only corner of the convex hull between all and nothing keeps 400 numbers.
  const std::vector<Candidate> flat{
      {{}, 1000, 0}, {{}, 800, 0.30}, {{}, 600, 0.35}, {{}, 400, 0.38}, {{}, 1, 0.99}};
  EXPECT_EQ(chosen_of({flat}, 850)[0].parameters, 800);
  EXPECT_EQ(chosen_of({flat}, 700)[0].parameters, 600);
  EXPECT_EQ(chosen_of({flat}, 500)[0].parameters, 400);
}

TEST(Allocate, GivesUpNoLayerForTheOthers) {
  // A large weight of which nothing is left would pay for four small ones that keep everything.
  const std::vector<Candidate> large{{{}, 1000, 0}, {{}, 500, 0.6}, {{}, 10, 0.999}};
  const std::vector<Candidate> small{{{}, 200, 0}, {{}, 100, 0.3}};
  const auto chosen = chosen_of({large, small, small, small, small}, 900);
  EXPECT_EQ(chosen[0].parameters, 500);
  EXPECT_EQ(chosen[1].parameters, 100);
}

TEST(Allocate, RefusesWhatCannotBe) {
  EXPECT_THAT(ranklens::testing::error_of([] { allocate({curve(1, 10, 3)}, 9); }),
              ::testing::HasSubstr("even at rank 1 the layers keep 10 numbers"));
}

}  // namespace
}  // namespace ranklens::compress
