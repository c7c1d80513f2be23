// Projector splitting of trains. Sources of the identities: Lubich, Oseledets, Vandereycken 2015.
#include "ranklens/optim/tensor_train/splitting.h"

#include <cmath>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <gtest/gtest.h>

#include "ranklens/optim/low_rank/integrator.h"
#include "ranklens/optim/tensor_train/tangent_point.h"
#include "ranklens/tn/train/algebra.h"
#include "ranklens/tn/train/decompose.h"
#include "ranklens/tn/train/round.h"

#include "optim/tensor_train/trains.h"
#include "testing/expect_error.h"

namespace ranklens::optim {
namespace {

using testing::as_tensor;
using testing::ClippedByNorm;
using testing::dense_gradient;
using testing::dense_of;
using testing::distance;
using testing::norm;
using testing::OfState;
using testing::OneWeight;
using testing::random_train;
using testing::state_of;
using testing::tt_weight;
using testing::two_cores;
using testing::values;

/// A dense tensor contracted with all cores but one.
at::Tensor seen_by_core(const at::Tensor& tensor, const std::vector<at::Tensor>& cores,
                        std::size_t core) {
  auto rest = tensor.reshape({1, -1});
  for (std::size_t k = 0; k < core; ++k) {
    const auto u = cores[k].reshape({-1, cores[k].size(2)});
    rest = u.t().matmul(rest.reshape({u.size(0), -1}));
  }
  for (auto k = cores.size() - 1; k > core; --k) {
    const auto v = cores[k].reshape({cores[k].size(0), -1});
    rest = rest.reshape({-1, v.size(1)}).matmul(v.t());
  }
  return rest.reshape(cores[core].sizes());
}

/// One step of an increment that is known.
at::Tensor stepped(const tn::TensorTrain& start, const at::Tensor& increment) {
  TrainSplitting train(start);
  while (!train.done()) train.advance(seen_by_core(increment, train.cores(), train.core()));
  return tn::full(tn::TensorTrain{.cores = train.cores()});
}

/// Of rank 3, with one large singular value at every bond and two of a share of about `size`.
tn::TensorTrain nearly_singular(const tn::TensorTrain& train, double size) {
  return tn::round(train, {.ranks = {1}}).train + size * random_train(tn::shape(train), {2}, 90);
}

TEST(TrainSplitting, IsExactForTensorsThatKeepTheirRanks) {
  const tn::Shape sizes{4, 3, 5, 4};
  for (const tn::Shape& ranks : {tn::Shape{2, 3, 2}, tn::Shape{1, 1, 1}, tn::Shape{4, 6, 4}}) {
    const auto before = random_train(sizes, ranks, 1), after = random_train(sizes, ranks, 2);
    const auto target = tn::full(after);
    const auto found = stepped(before, target - tn::full(before));
    EXPECT_LT(distance(found, target), 1e-11 * norm(target));
  }
  // However small singular values are: theorem 5.1 asks for no bound below.
  const auto before = nearly_singular(random_train(sizes, {2}, 3), 1e-8);
  const auto after = nearly_singular(random_train(sizes, {2}, 4), 1e-8);
  const auto target = tn::full(after);
  EXPECT_LT(distance(stepped(before, target - tn::full(before)), target), 1e-11 * norm(target));
}

// Of more ranks than the train has it cannot be: the end has the train's ranks.
TEST(TrainSplitting, IsNotExactForOthers) {
  const auto before = random_train({4, 3, 5}, {2, 2}, 5);
  const auto target = tn::full(before) + 0.3 * values({4, 3, 5}, 6);
  const auto found = stepped(before, target - tn::full(before));
  const double off = distance(found, target);
  EXPECT_GT(off, 0.1);
  EXPECT_EQ(tn::ranks(tn::decompose(found, {.eps = 1e-10}).train), (tn::Shape{2, 2}));
  // The distance cannot be below that of the best approximations at every bond.
  EXPECT_GE(off,
            tn::decompose(target, {.ranks = {2}}).error * norm(target) / std::sqrt(2.0) - 1e-9);
}

TEST(TrainSplitting, OfOneCoreIsTheStepItself) {
  const auto before = random_train({7}, {}, 7);
  const auto increment = values({7}, 8);
  EXPECT_LT(distance(stepped(before, increment), tn::full(before) + increment), 1e-14);
}

TEST(TrainSplitting, RefusesIncrementsOfAnotherShape) {
  TrainSplitting train(random_train({4, 3}, {2}, 9));
  ranklens::testing::expect_error([&] { train.advance(values({1, 4, 3}, 10)); }, "shape");
}

// Two cores are a matrix: K, S and L with a gradient of its own each.
TEST(SplittingOptimiser, OfTwoCoresIsThatOfMatrices) {
  OneWeight objective(values({6, 5}, 11));
  nn::State state = state_of(two_cores(4, 5, 2, 12));
  auto matrix = nearest(dense_of(state), 2);
  const auto optimiser = make_optimiser("tt_psi(lr=0.4)");
  for (int k = 0; k < 3; ++k) {
    optimiser->step(state, objective);
    matrix = run(projector_splitting(), matrix, 0.4, [&](const LowRank& at) {
      return seen_from(at, dense_gradient(objective, at.dense()));
    });
    EXPECT_LT(distance(dense_of(state), matrix.dense()), 1e-12) << k;
  }
  EXPECT_EQ(objective.evaluations, 9);
}

// The gradient of a linear loss is the same everywhere: the step ends at W - lr C where that has
// the ranks of W.
TEST(SplittingOptimiser, IsExactAlongAGradientThatKeepsTheRanks) {
  const auto before = dense_of(state_of(tt_weight(13)));
  const auto after = dense_of(state_of(tt_weight(16)));
  const auto c = (before - after) / 0.25;
  OfState objective([&](const nn::State& state) { return (dense_of(state) * c).sum(); });
  nn::State state = state_of(tt_weight(13));
  const double loss = make_optimiser("tt_psi(lr=0.5)")->step(state, objective, 0.5);
  EXPECT_LT(distance(dense_of(state), after), 1e-11 * norm(after));
  EXPECT_NEAR(loss, (before * c).sum().item<double>(), 1e-9 * std::abs(loss));
  EXPECT_EQ(objective.evaluations, 5);
}

// A small step is that along the projected gradient, up to its square.
TEST(SplittingOptimiser, IsOfFirstOrder) {
  OneWeight objective(values({5, 12}, 19));
  const auto start = state_of(tt_weight(20));
  const auto space = space_at(train_layers(start).at(0).train);
  const auto dense = as_tensor(dense_gradient(objective, dense_of(start)));
  const auto way = tn::full(tn::as_train(space, tn::project(space, dense)));
  const auto off = [&](double lr) {
    nn::State state = start;
    SplittingOptimiser({.lr = lr}).step(state, objective);
    return distance(as_tensor(dense_of(state)), as_tensor(dense_of(start)) - lr * way);
  };
  const double coarse = off(1e-2), fine = off(5e-3);
  EXPECT_GT(fine, 0);
  EXPECT_NEAR(coarse / fine, 4, 0.4);
}

/// A train, and a dense tensor whose gradient is the longer one by far.
struct Beside {
  nn::Weight train;
  at::Tensor x;  ///< that the train is applied to
  std::size_t parts;

  nn::State start() const {
    auto state = state_of(train);
    state.set("b", {.weight = nn::Weight(values({6}, 40))});
    return state.clone();
  }
  at::Tensor loss_of_train(const nn::State& state) const {
    return state.at("w").weight->linear(x, {}).cos().sum();
  }
  at::Tensor loss(const nn::State& state) const {
    return loss_of_train(state) + 1000 * state.tensor("b").square().sum();
  }
};

std::vector<Beside> trains_beside_a_tensor() {
  return {{two_cores(8, 7, 3, 41), values({5, 7}, 43), 3}, {tt_weight(44), values({5, 12}, 47), 5}};
}

/// In every part; in later ones, which see the train alone, by less.
void expect_clipped(const std::vector<double>& scales, std::size_t parts) {
  ASSERT_EQ(scales.size(), parts);
  for (std::size_t k = 0; k < parts; ++k) EXPECT_LT(scales[k], 1) << k;
  for (std::size_t k = 1; k < parts; ++k) EXPECT_GT(scales[k], 2 * scales[0]) << k;
}

TEST(SplittingOptimiser, AClippedStepIsThatOfTheLossTimesItsFirstFactor) {
  for (const auto& given : trains_beside_a_tensor()) {
    double factor = 1;
    OfState plain([&](const nn::State& at) { return given.loss(at); });
    OfState scaled_loss([&](const nn::State& at) { return factor * given.loss(at); });
    ClippedByNorm clipped(plain, 1);
    auto state = given.start(), other = given.start();
    const auto one = make_optimiser("tt_psi(lr=0.1)"), two = make_optimiser("tt_psi(lr=0.1)");
    for (int k = 0; k < 3; ++k) {
      clipped.scales.clear();
      one->step(state, clipped);
      expect_clipped(clipped.scales, given.parts);
      factor = clipped.scales.at(0);
      two->step(other, scaled_loss);
      EXPECT_LT(distance(dense_of(state), dense_of(other)), 1e-12 * norm(dense_of(other))) << k;
      EXPECT_LT(distance(state.tensor("b"), other.tensor("b")), 1e-12) << k;
    }
  }
}

TEST(SplittingOptimiser, AClippedStepGoesAlongTheClippedProjectedGradient) {
  constexpr double lr = 1e-3;
  for (const auto& given : trains_beside_a_tensor()) {
    const auto in_modes = [&](const at::Tensor& matrix) {
      return given.parts == 3 ? matrix : as_tensor(matrix);
    };
    OfState of_train([&](const nn::State& at) { return given.loss_of_train(at); });
    OfState plain([&](const nn::State& at) { return given.loss(at); });
    ClippedByNorm clipped(plain, 1);
    const auto start = given.start();
    const auto space = space_at(train_layers(start).at(0).train);
    const auto gradient = in_modes(dense_gradient(of_train, dense_of(start)));
    const auto way = tn::full(tn::as_train(space, tn::project(space, gradient)));
    auto state = start.clone();
    SplittingOptimiser({.lr = lr}).step(state, clipped);
    expect_clipped(clipped.scales, given.parts);
    const auto moved = in_modes(dense_of(start)) - in_modes(dense_of(state));
    const double length = lr * clipped.scales.at(0) * norm(way);
    EXPECT_NEAR(norm(moved) / length, 1, 1e-3);
    EXPECT_NEAR((moved * way).sum().item<double>() / norm(moved) / norm(way), 1, 1e-6);
  }
}

TEST(SplittingOptimiser, DecaysWeightsAndMovesOthersBySgd) {
  nn::State state = state_of(tt_weight(21));
  state.set("b", {.weight = nn::Weight(values({12}, 22))});
  const auto before = dense_of(state).clone();
  const auto b = state.tensor("b").clone();
  OfState objective([](const nn::State& at) {
    return 0 * dense_of(at).sum() + 0.5 * at.tensor("b").square().sum();
  });
  make_optimiser("tt_psi(lr=0.2,weight_decay=0.5)")->step(state, objective);
  EXPECT_LT(distance(dense_of(state), 0.9 * before), 1e-12 * norm(before));
  EXPECT_LT(distance(state.tensor("b"), b - 0.2 * (b + 0.5 * b)), 1e-13);
}

TEST(SplittingOptimiser, ReadsSpecs) {
  const auto optimiser = make_optimiser("tt_psi(lr=0.02,momentum=0.5)");
  EXPECT_EQ(make_optimiser(optimiser->spec())->spec(), optimiser->spec());
  EXPECT_EQ(optimiser->spec().rfind("tt_psi(lr=0.02,momentum=0.5", 0), 0U);
  ranklens::testing::expect_error([] { make_optimiser("tt_psi(lr=0)"); }, "lr");
  ranklens::testing::expect_error([] { make_optimiser("tt_psi(tau=0.1)"); }, "no option 'tau'");
  ranklens::testing::expect_error([] { make_optimiser("tt_ps(lr=1)"); }, "'tt_psi'");
  nn::State state = state_of(nn::Weight(values({3, 3}, 23)));
  OneWeight objective(values({5, 3}, 24));
  ranklens::testing::expect_error([&] { make_optimiser("tt_psi")->step(state, objective); },
                                  "this network has none");
}

}  // namespace
}  // namespace ranklens::optim
