// What starts of decaying singular values do: descent on U and V waits for the small ones, whose
// factors are small, and basis updates do not. The published comparison on one matrix.
#include <string>

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ranklens/nn/builder.h"
#include "ranklens/optim/optimiser.h"
#include "ranklens/study/training/decaying.h"

#include "optim/low_rank/least_squares.h"
#include "optim/low_rank/matrices.h"

namespace ranklens::study::reproductions {
namespace {

constexpr std::int64_t kOutputs = 40, kInputs = 30, kMapRank = 10;

/// One linear map of that rank.
nn::State decaying_map(double decay, std::uint64_t seed) {
  nn::GraphBuilder g;
  const auto x = g.flatten("flat", g.input("image", {1, 5, 6}));
  g.linear("map", x,
           {.out = kOutputs, .bias = false, .weight = fmt::format("low_rank(r={})", kMapRank)});
  return with_decaying_values(g.build(seed), decay, seed).state;
}

/// What 30 steps towards a matrix of that rank, its singular values all 3, leave of half its
/// squared norm: the mean over five goals and starts.
double left_over(const std::string& optimiser, double decay) {
  constexpr int kGoals = 5, kSteps = 30;
  double sum = 0;
  for (std::uint64_t seed = 1; seed <= kGoals; ++seed) {
    const auto goal = 3 * at::matmul(optim::testing::basis(kOutputs, kMapRank, 2 * seed),
                                     optim::testing::basis(kInputs, kMapRank, 2 * seed + 1).t());
    optim::testing::LeastSquares objective({{"map.weight", {.x = {}, .y = goal.t()}}});
    auto state = decaying_map(decay, seed).to(at::kDouble);
    const auto made = optim::make_optimiser(optimiser);
    for (int k = 0; k < kSteps; ++k) made->step(state, objective);
    sum += objective.loss(state) / (0.5 * goal.square().sum().item<double>());
  }
  return sum / kGoals;
}

TEST(DecayingStart, HoldsUpDescentOnFactorsAndNoBasisUpdate) {
  const char *by_factors = "sgd(lr=0.1)", *by_bases = "fixed_bug(lr=0.1,rule=sgd)";
  EXPECT_LT(left_over(by_bases, 1), 0.03);
  EXPECT_LT(left_over(by_bases, 10), 0.03);
  EXPECT_LT(left_over(by_factors, 1), 0.08);
  EXPECT_GT(left_over(by_factors, 10), 0.25);
}

}  // namespace
}  // namespace ranklens::study::reproductions
