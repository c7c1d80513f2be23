// Steps of several evaluations whose gradients are clipped: their parts belong to one field.
#include <map>
#include <string>

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <gtest/gtest.h>

#include "ranklens/optim/low_rank/optimiser.h"

#include "optim/clipped.h"
#include "optim/low_rank/least_squares.h"

namespace ranklens::optim {
namespace {

using testing::ClippedByNorm;
using testing::dense_of;
using testing::distance;
using testing::LeastSquares;
using testing::low_rank;
using testing::noise;
using testing::norm;

/// Two weights of low rank, of which one is the nearer to its goal, and a dense one.
struct Problems {
  std::map<std::string, LeastSquares::Problem> all{
      {"w", {.x = noise(9, 12, 1), .y = 20 * noise(9, 14, 2)}},
      {"near", {.x = noise(9, 8, 3), .y = noise(9, 10, 4)}},
      {"dense", {.x = noise(9, 6, 5), .y = 20 * noise(9, 7, 6)}}};

  static nn::State start() {
    nn::State state;
    state.set("w", {.weight = testing::weight_of(low_rank(14, 12, 3, 7))});
    state.set("near", {.weight = testing::weight_of(low_rank(10, 8, 2, 8))});
    state.set("dense", {.weight = nn::Weight(noise(7, 6, 9))});
    return state;
  }
};

/// Clipped steps beside those of the loss times the factor by which each was clipped first.
void expect_steps_of_scaled_loss(const std::string& spec, std::size_t least_evaluations,
                                 int steps = 3) {
  const Problems given;
  LeastSquares plain(given.all);
  ClippedByNorm clipped(plain, 1);
  auto state = Problems::start(), other = Problems::start();
  const auto one = make_optimiser(spec), two = make_optimiser(spec);
  for (int k = 0; k < steps; ++k) {
    clipped.scales.clear();
    one->step(state, clipped);
    ASSERT_GE(clipped.scales.size(), least_evaluations) << spec;
    EXPECT_LT(clipped.scales.front(), 0.1) << spec;
    EXPECT_NE(clipped.scales.front(), clipped.scales.back()) << spec;
    LeastSquares scaled(given.all, clipped.scales.front());
    two->step(other, scaled);
    for (const auto* name : {"w", "near", "dense"}) {
      const auto found = dense_of(state, name), expected = dense_of(other, name);
      EXPECT_LT(distance(found, expected), 1e-11 * norm(expected)) << spec << " " << name << k;
    }
  }
}

TEST(ClippedLowRankStep, IsThatOfTheLossTimesItsFirstFactor) {
  for (const std::string rule : {"rule=sgd)", "rule=sgd,momentum=0.9)"}) {
    expect_steps_of_scaled_loss("psi(lr=0.3," + rule, 3);
    expect_steps_of_scaled_loss("abc_psi(lr=0.3,tau=0.01," + rule, 2);
    expect_steps_of_scaled_loss("fixed_bug(lr=0.3," + rule, 2);
    // Once: least squares leave half of its next new columns within the bases that it has, and
    // what stands for them is of rounding.
    expect_steps_of_scaled_loss("augmented_bug(lr=0.3,tau=0.01," + rule, 2, 1);
    expect_steps_of_scaled_loss("parallel_bug(lr=0.3,tau=0.01,reject=0.1," + rule, 2);
  }
}

// Each of its steps of the core, by which other tensors move as well, is a step of its own.
TEST(ClippedLowRankStep, OfSeveralStepsClipsEachByItself) {
  const Problems given;
  LeastSquares plain(given.all);
  ClippedByNorm clipped(plain, 1);
  auto state = Problems::start();
  make_optimiser("bug(lr=0.1,tau=0.01,s=3,rule=sgd)")->step(state, clipped);
  ASSERT_EQ(clipped.scales.size(), 3U);
  EXPECT_NE(clipped.scales[0], clipped.scales[2]);
  const auto& [x, y] = given.all.at("dense");
  auto expected = Problems::start().tensor("dense");
  for (const double scale : clipped.scales) {
    expected = expected - 0.1 * scale * at::matmul((at::matmul(x, expected.t()) - y).t(), x);
  }
  EXPECT_LT(distance(state.tensor("dense"), expected), 1e-12 * norm(expected));
}

}  // namespace
}  // namespace ranklens::optim
