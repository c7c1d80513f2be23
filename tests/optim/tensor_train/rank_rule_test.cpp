// Ranks of trains that change while they are trained.
#include "ranklens/optim/tensor_train/rank_rule.h"

#include <cmath>
#include <string>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/matmul.h>
#include <gtest/gtest.h>

#include "ranklens/optim/optimiser.h"
#include "ranklens/optim/tensor_train/tangent_point.h"
#include "ranklens/tn/train/algebra.h"

#include "optim/tensor_train/trains.h"
#include "testing/expect_error.h"

namespace ranklens::optim {
namespace {

using ranklens::testing::expect_error;
using testing::Clipped;
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

/// A train that is `share` of its norm away from one of lower ranks.
tn::TensorTrain nearly(const tn::TensorTrain& low, double share, std::uint64_t seed) {
  const auto more = random_train(tn::shape(low), {2}, seed);
  return low + (share * tn::norm(low) / tn::norm(more)) * more;
}

tn::Shape ranks_of(const nn::State& state) { return tn::ranks(train_layers(state).at(0).train); }

/// Half the squared distance from a dense matrix.
OfState distance_from(const at::Tensor& target) {
  return OfState(
      [target](const nn::State& state) { return 0.5 * (dense_of(state) - target).square().sum(); });
}

TEST(RankRule, RoundsToAShareOfTheNorm) {
  const auto low = random_train({5, 6, 4, 5}, {2, 3, 2}, 1);
  const auto train = nearly(low, 0.01, 2);
  const auto found = rounded(train, {.tau = 0.02});
  EXPECT_EQ(tn::ranks(found.train), (tn::Shape{2, 3, 2}));
  const double share = tn::norm(train - found.train) / tn::norm(train);
  EXPECT_NEAR(found.share, share, 1e-10);
  EXPECT_GT(share, 1e-4);
  EXPECT_LE(share, 0.02);
  EXPECT_EQ(tn::ranks(rounded(train, {.tau = 1e-4}).train), (tn::Shape{4, 5, 4}));
  // The scale of the train says nothing.
  auto scaled = train;
  scaled.log_scale = 700;
  EXPECT_EQ(tn::ranks(rounded(scaled, {.tau = 0.02}).train), (tn::Shape{2, 3, 2}));
}

// The bound is on the whole error, not on that of each bond.
TEST(RankRule, TheBondsShareTheBound) {
  const auto train = random_train({4, 4, 4, 4, 4}, {4}, 3);
  for (const double tau : {0.4, 0.6, 0.8}) {
    const auto found = rounded(train, {.tau = tau});
    EXPECT_LE(tn::norm(train - found.train) / tn::norm(train), tau);
    EXPECT_GT(found.share, 0);
  }
}

TEST(RankRule, FloorAndCapWin) {
  const auto train = nearly(random_train({5, 6, 4, 5}, {2, 3, 2}, 1), 0.01, 2);
  EXPECT_EQ(tn::ranks(rounded(train, {.tau = 0.9, .floor = 3}).train), (tn::Shape{3, 3, 3}));
  EXPECT_EQ(tn::ranks(rounded(train, {.tau = 1e-6, .cap = 2}).train), (tn::Shape{2, 2, 2}));
  EXPECT_EQ(tn::ranks(cut_to(train, {3, 9, 1}).train), (tn::Shape{3, 5, 1}));
}

// A floor cannot keep what is zero: a point without full ranks has no tangent space.
TEST(RankRule, WhatIsNotResolvedGoes) {
  const auto low = random_train({5, 6, 5}, {2, 2}, 4);
  const auto twice = low + low;  // of ranks 4, as stored
  for (const auto& found : {rounded(twice, {.tau = 1e-3, .floor = 4}), cut_to(twice, {4, 4})}) {
    EXPECT_EQ(tn::ranks(found.train), (tn::Shape{2, 2}));
    EXPECT_LT(tn::norm(found.train - 2.0 * low), 1e-12 * tn::norm(low));
    EXPECT_NO_THROW(space_at(found.train));
  }
}

// From rank 1 the ranks of the target are found and kept; the loss vanishes. Those of a start that
// is above it fall.
TEST(RankAdaptation, FindsTheRanksOfTheTarget) {
  const auto target = dense_of(state_of(tt_weight(1)));  // of ranks 4, 3
  for (const char* spec : {"riemannian_sgd(lr=0.5,grow=1,tau=1e-3,every=10)",
                           "riemannian_sgd(lr=0.2,momentum=0.5,grow=2,tau=1e-3,every=10)",
                           "riemannian_cg(lr=0.5,grow=1,tau=1e-3,every=10)"}) {
    auto objective = distance_from(target);
    nn::State state = state_of(tt_weight(60));
    const auto layer = train_layers(state).at(0);
    set_cores(state, layer, plain_cores(cut_to(layer.train, {1, 1}).train));
    EXPECT_EQ(ranks_of(state), (tn::Shape{1, 1}));
    const auto optimiser = make_optimiser(spec);
    for (int k = 0; k < 200; ++k) optimiser->step(state, objective);
    EXPECT_EQ(ranks_of(state), (tn::Shape{4, 3})) << spec;
    EXPECT_LT(distance(dense_of(state), target), 1e-6 * norm(target)) << spec;
    EXPECT_EQ(optimiser->observed().at("rank/w.0"), 4);
    EXPECT_EQ(optimiser->observed().at("rank/w.1"), 3);
    EXPECT_LE(optimiser->observed().at("cut/w"), 1e-3);
  }
}

TEST(RankAdaptation, FallsByRounding) {
  auto low = train_layers(state_of(tt_weight(1))).at(0);
  nn::State of_target = state_of(tt_weight(1));
  set_cores(of_target, low, plain_cores(cut_to(low.train, {2, 1}).train));
  auto objective = distance_from(dense_of(of_target));
  nn::State state = state_of(tt_weight(60));
  const auto optimiser = make_optimiser("riemannian_sgd(lr=0.3,tau=1e-2,every=5)");
  for (int k = 0; k < 40; ++k) optimiser->step(state, objective);
  EXPECT_EQ(ranks_of(state), (tn::Shape{2, 1}));
  EXPECT_LT(distance(dense_of(state), dense_of(of_target)), 1e-3);
  nn::State held = state_of(tt_weight(60));
  const auto floor = make_optimiser("riemannian_sgd(lr=0.3,tau=1e-2,floor=2,every=5)");
  for (int k = 0; k < 40; ++k) floor->step(held, objective);
  EXPECT_EQ(ranks_of(held), (tn::Shape{2, 2}));
}

TEST(RankAdaptation, KeepsTheCap) {
  auto objective = distance_from(dense_of(state_of(tt_weight(1))));
  nn::State state = state_of(tt_weight(60));
  const auto layer = train_layers(state).at(0);
  set_cores(state, layer, plain_cores(cut_to(layer.train, {1, 1}).train));
  const auto optimiser = make_optimiser("riemannian_sgd(lr=0.3,grow=3,cap=2,every=2)");
  for (int k = 0; k < 20; ++k) optimiser->step(state, objective);
  EXPECT_EQ(ranks_of(state), (tn::Shape{2, 2}));
  EXPECT_EQ(optimiser->observed().count("cut/w"), 0U);  // nothing was rounded
}

// A matrix in two cores that gains all that it lacks at once: the gradient on the tangent space and
// off it are the whole one, and from then on every step is that of the dense matrix, momentum too.
TEST(RankAdaptation, ToFullRankIsTheDenseMethod) {
  const auto x = values({7, 4}, 30);
  OneWeight objective(x);
  nn::State state = state_of(two_cores(3, 4, 1, 31));
  auto dense = dense_of(state);
  at::Tensor velocity;
  const auto optimiser = make_optimiser("riemannian_sgd(lr=0.5,momentum=0.7,grow=2,every=1)");
  for (int k = 0; k < 6; ++k) {
    const auto gradient = dense_gradient(objective, dense);
    velocity = k == 0 ? gradient : gradient + 0.7 * velocity;
    dense = dense - 0.5 * velocity;
    optimiser->step(state, objective);
    EXPECT_EQ(ranks_of(state), (tn::Shape{3}));
    EXPECT_LT(distance(dense_of(state), dense), 1e-12) << k;
  }
}

// The same for Adam with one second moment, which sees what the train gains.
TEST(RankAdaptation, ToFullRankIsTheDenseAdamOfOneMoment) {
  OneWeight objective(values({7, 4}, 32));
  nn::State state = state_of(two_cores(3, 4, 1, 33));
  auto dense = dense_of(state);
  const auto optimiser = make_optimiser("riemannian_adam(lr=0.1,grow=2,every=1)");
  at::Tensor mean;
  double second = 0;
  for (int t = 1; t < 6; ++t) {
    const auto gradient = dense_gradient(objective, dense);
    mean = t == 1 ? 0.1 * gradient : 0.9 * mean + 0.1 * gradient;
    second = 0.999 * second + 0.001 * norm(gradient) * norm(gradient) / 12;
    const double root = std::sqrt(second / (1 - std::pow(0.999, t)));
    dense = dense - 0.1 / (1 - std::pow(0.9, t)) / (root + 1e-8) * mean;
    optimiser->step(state, objective);
    EXPECT_LT(distance(dense_of(state), dense), 1e-11) << t;
  }
}

// What lies off the tangent space may be longer by orders of magnitude than all that Adam's second
// moment has seen, where a step grows and, in the tangent space of the next, after it.
TEST(RankAdaptation, ByAdamTakesNoLongerSteps) {
  nn::State start = state_of(two_cores(3, 4, 1, 33));
  const auto dense = dense_of(start);
  const auto space = space_at(train_layers(start).at(0).train);
  const auto noise = values({3, 4}, 36);
  const auto along = tn::full(tn::as_train(space, tn::project(space, noise))).reshape({3, 4});
  const auto beside = noise - along;
  auto objective = distance_from(dense + along + 1000 * beside);
  nn::State state = start.clone();
  const auto optimiser = make_optimiser("riemannian_adam(lr=0.01,grow=2,every=5)");
  auto last = dense;
  for (int k = 0; k < 12; ++k) {
    optimiser->step(state, objective);
    const auto now = dense_of(state);
    EXPECT_LT(norm(now - last), 2 * 0.01 * std::sqrt(12)) << k;
    last = now;
  }
  EXPECT_EQ(ranks_of(state), (tn::Shape{3}));
  EXPECT_GT(((last - dense) * beside).sum().item<double>(), 0.05 * norm(beside));
}

// A direction with its momentum lives on where ranks fall: what is carried is the projection of
// what was remembered.
TEST(RankAdaptation, MomentumIsProjectedWhereRanksFall) {
  OneWeight objective(values({5, 12}, 34));
  nn::State state = state_of(tt_weight(35));
  const auto optimiser = make_optimiser("riemannian_sgd(lr=0.05,momentum=0.9,tau=0.5,every=2)");
  optimiser->step(state, objective);
  const auto saved = optimiser->save();
  tn::TensorTrain remembered{{}, -1, saved.at("train:w/momentum.scale").item<double>()};
  for (const char* k : {"0", "1", "2"}) {
    remembered.cores.push_back(saved.at(std::string("train:w/momentum.") + k));
  }
  // The step by hand: rounded, the gradient there, the old momentum projected there.
  const auto layer = train_layers(state).at(0);
  const auto low = rounded(layer.train, {.tau = 0.5});
  const auto space = space_at(low.train);
  nn::State at_low = state;
  set_cores(at_low, layer, plain_cores(low.train));
  const auto dense = testing::as_tensor(dense_gradient(objective, dense_of(at_low)));
  const auto way = tn::project(space, dense) + 0.9 * tn::project(space, remembered);
  const auto expected = tn::full(tn::retract(space, way, -0.05).train);
  EXPECT_LT(tn::ranks(low.train)[0], 4);
  optimiser->step(state, objective);
  EXPECT_EQ(ranks_of(state), tn::ranks(low.train));
  EXPECT_LT(distance(testing::as_tensor(dense_of(state)), expected), 1e-9);
}

// One evaluation a step, two more where ranks grow.
TEST(RankAdaptation, TakesTwoEvaluationsMoreToGrow) {
  OneWeight objective(values({5, 12}, 38));
  nn::State state = state_of(tt_weight(39));
  const auto optimiser = make_optimiser("riemannian_sgd(lr=0.01,grow=1,every=4)");
  for (int k = 0; k < 8; ++k) optimiser->step(state, objective);
  EXPECT_EQ(objective.evaluations, 12);
}

// Clipping sees other blocks in later evaluations: the step is clipped as the first was.
TEST(RankAdaptation, TakesTheFirstEvaluationsClipping) {
  OneWeight objective(values({5, 12}, 45));
  Clipped clipped(objective);
  nn::State one = state_of(tt_weight(46)), other = one;
  make_optimiser("riemannian_sgd(lr=0.1,grow=1,every=1)")->step(one, objective);
  objective.evaluations = 0;
  make_optimiser("riemannian_sgd(lr=0.2,grow=1,every=1)")->step(other, clipped);
  EXPECT_LT(distance(dense_of(one), dense_of(other)), 1e-11);
}

// What counts is the projected gradient, whether ranks grow or stay, of a train of any norm: the
// step is a quarter of the one that is not clipped.
TEST(RankAdaptation, IsClippedByTheProjectedGradient) {
  OneWeight objective(values({5, 12}, 47));
  for (const double size : {1.0, 4.0, 16.0}) {
    nn::State state = state_of(tt_weight(48));
    auto layer = train_layers(state).at(0);
    layer.train = (size / tn::norm(layer.train)) * layer.train;
    set_cores(state, layer, plain_cores(layer.train));
    const auto gradient = testing::as_tensor(dense_gradient(objective, dense_of(state)));
    const double projected = tn::norm(tn::project(space_at(layer.train), gradient));
    ClippedByNorm clipped(objective, projected / 4);
    for (const std::string ranks : {"", ",grow=1,every=1"}) {
      nn::State whole = state, quarter = state;
      clipped.scales.clear();
      make_optimiser("riemannian_sgd(lr=0.4" + ranks + ")")->step(whole, clipped);
      EXPECT_NEAR(clipped.scales.front(), 0.25, 1e-10) << size << ranks;
      make_optimiser("riemannian_sgd(lr=0.1" + ranks + ")")->step(quarter, objective);
      EXPECT_LT(distance(dense_of(whole), dense_of(quarter)), 1e-10) << size << ranks;
      EXPECT_GT(distance(dense_of(whole), dense_of(state)), 0.05 * projected) << size << ranks;
    }
  }
}

// A matrix product state, whose cores are entries of their own.
TEST(RankAdaptation, GrowsMatrixProductStates) {
  const auto product = [](const nn::State& state) {
    return tn::full(
        tn::TensorTrain{.cores = {state.tensor("mps.core.0"), state.tensor("mps.core.1"),
                                  state.tensor("mps.core.2")}});
  };
  const auto target = values({3, 4, 3}, 41);  // of full ranks 3, 3
  OfState objective(
      [&](const nn::State& state) { return 0.5 * (product(state) - target).square().sum(); });
  nn::State state;
  state.set("mps.core.0", {.weight = nn::Weight(values({1, 3, 1}, 42))});
  state.set("mps.core.1", {.weight = nn::Weight(values({1, 4, 1}, 43))});
  state.set("mps.core.2", {.weight = nn::Weight(values({1, 3, 1}, 44))});
  // In units of the norm, whose square is some tens.
  const auto optimiser = make_optimiser("riemannian_sgd(lr=0.015,grow=1,every=10)");
  for (int k = 0; k < 120; ++k) optimiser->step(state, objective);
  EXPECT_EQ(state.tensor("mps.core.1").sizes(), (at::IntArrayRef{3, 4, 3}));
  EXPECT_LT(distance(product(state), target), 1e-8);
  EXPECT_EQ(optimiser->observed().at("rank/mps.1"), 3);
}

TEST(RankAdaptation, ReadsSpecs) {
  const auto optimiser = make_optimiser("riemannian_adam(tau=0.1,grow=2,cap=9,floor=3,every=7)");
  EXPECT_EQ(make_optimiser(optimiser->spec())->spec(), optimiser->spec());
  EXPECT_NE(optimiser->spec().find("tau=0.1,grow=2,floor=3,cap=9,every=7"), std::string::npos);
  EXPECT_EQ(make_optimiser("riemannian_sgd")->spec().find("every"), std::string::npos);
  const auto growing = make_optimiser("riemannian_sgd(grow=2,cap=9)")->spec();
  EXPECT_EQ(make_optimiser(growing)->spec(), growing);
  const auto refused = [](const char* spec, const char* part) {
    expect_error([&] { make_optimiser(spec); }, part);
  };
  refused("riemannian_sgd(tau=0)", "is above 0 and below 1, not 0");
  refused("riemannian_sgd(tau=1)", "is above 0 and below 1, not 1");
  refused("riemannian_adam(tau=2)", "is above 0 and below 1, not 2");
  refused("riemannian_adam(tau=0.1,floor=5,cap=4)", "cap=4");
  refused("riemannian_cg(grow=0)", "grow");
  refused("riemannian_cg(grow=1,every=0)", "every");
  refused("riemannian_cg(every=5)", "every says how ranks change");
  refused("riemannian_cg(cap=5)", "cap says how ranks change");
  refused("riemannian_adam(grow=1,floor=4)", "without tau nothing is rounded");
}

}  // namespace
}  // namespace ranklens::optim
