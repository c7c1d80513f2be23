// Cores turned by an angle. Source: Sun, Ran, Su 2020.
#include "ranklens/optim/tensor_train/turning.h"

#include <cmath>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/scalar_tensor.h>
#include <gtest/gtest.h>

#include "ranklens/optim/tensor_train/gradients.h"
#include "ranklens/tn/train/algebra.h"
#include "ranklens/tn/train/sweep.h"

#include "optim/tensor_train/trains.h"
#include "testing/expect_error.h"

namespace ranklens::optim {
namespace {

using ranklens::testing::expect_error;
using testing::conv_weight;
using testing::dense_of;
using testing::distance;
using testing::norm;
using testing::OfState;
using testing::OneWeight;
using testing::state_of;
using testing::tt_weight;
using testing::values;

constexpr double kDegree = 0.017453292519943295;

/// The mean of cos(y), y = 3 W x / |W|: what follows a weight whose scale does not matter.
OfState scale_free(const at::Tensor& x) {
  return OfState([x](const nn::State& state) {
    const auto w = dense_of(state);
    return (3 * at::matmul(x, w.t()) / w.norm()).cos().mean();
  });
}

double angle_between(const at::Tensor& a, const at::Tensor& b) {
  // By the difference, which has all its digits where angles are small.
  return 2 * std::asin(norm(a / norm(a) - b / norm(b)) / 2);
}

TEST(TurningOptimiser, TurnsTheWeightByExactlyTheAngle) {
  for (const auto& weight : {tt_weight(1), conv_weight(2)}) {
    OneWeight objective(weight->shape().size() == 4 ? values({2, 6, 5, 5}, 3) : values({5, 12}, 3));
    nn::State state = state_of(weight);
    const auto optimiser = make_optimiser("tsgo(theta=5deg,shrink=1)");
    const double length = norm(dense_of(state));
    for (int k = 0; k < 6; ++k) {
      const auto before = dense_of(state);
      const double rate = k < 3 ? 1 : 0.25;
      optimiser->step(state, objective, rate);
      EXPECT_NEAR(angle_between(before, dense_of(state)), rate * 5 * kDegree, 1e-12) << k;
      EXPECT_NEAR(norm(dense_of(state)), length, 1e-12 * length);
    }
    EXPECT_EQ(objective.evaluations, 6);
    EXPECT_NEAR(optimiser->observed().at("angle"), 5 * kDegree, 1e-15);
  }
}

// The gradient of a loss that does not see the scale is orthogonal to the centre, and the way goes
// against it: the derivative along the turn is minus its length.
TEST(TurningOptimiser, GoesDownTheSphere) {
  auto objective = scale_free(values({5, 12}, 4));
  const auto start = state_of(tt_weight(5));
  const auto layer = train_layers(start).at(0);
  auto train = tn::canonical(layer.train, 0);
  const double length = std::exp(train.log_scale);
  train.cores[0] = train.cores[0] * length;
  nn::State centred = start;
  set_cores(centred, layer, train.cores);
  auto gradients = named_gradients(objective.loss_and_gradients(centred, {}));
  const auto gradient = take_cores(layer, gradients)[0];
  EXPECT_NEAR((gradient * train.cores[0]).sum().item<double>(), 0, 1e-13);
  const auto loss_at = [&](double theta) {
    nn::State state = start;
    TurningOptimiser({.theta = theta, .shrink = 1, .least = theta}).step(state, objective);
    return objective.loss(state);
  };
  const double h = 1e-5;
  const double slope = (4 * loss_at(h) - loss_at(2 * h) - 3 * objective.loss(start)) / (2 * h);
  EXPECT_NEAR(slope, -length * norm(gradient), 1e-6);
  EXPECT_LT(slope, -1e-3);
}

// A weight of another scale turns alike.
TEST(TurningOptimiser, DoesNotSeeTheScale) {
  auto objective = scale_free(values({5, 12}, 6));
  nn::State one = state_of(tt_weight(7));
  nn::State other = one;
  const auto layer = train_layers(one).at(0);
  auto cores = layer.train.cores;
  cores[1] = cores[1] * 7;
  set_cores(other, layer, cores);
  const auto first = make_optimiser("tsgo(theta=8deg)"),
             second = make_optimiser("tsgo(theta=8deg)");
  for (int k = 0; k < 5; ++k) {
    first->step(one, objective);
    second->step(other, objective);
    EXPECT_LT(distance(7 * dense_of(one), dense_of(other)), 1e-11 * norm(dense_of(other))) << k;
  }
}

TEST(TurningOptimiser, LowersTheLossToWhereAngleAllows) {
  auto objective = scale_free(values({9, 12}, 8));
  nn::State state = state_of(tt_weight(9));
  const double before = objective.loss(state);
  const auto optimiser = make_optimiser("tsgo(theta=10deg)");
  double last = before;
  for (int k = 0; k < 200; ++k) last = optimiser->step(state, objective);
  EXPECT_LT(last, before - 0.3);
  EXPECT_LT(optimiser->observed().at("angle"), 10 * kDegree);
  EXPECT_GE(optimiser->observed().at("angle"), 0.01 * kDegree * (1 - 1e-12));
}

// The angle falls when turning has raised the loss of its own batch, not below the least.
TEST(TurningOptimiser, TheAngleShrinksWhenTheLossRises) {
  OfState rising([](const nn::State& state) {
    // A loss whose value falls only over very short ways along its gradient.
    return (1e4 * dense_of(state)[0][0]).sin();
  });
  nn::State state = state_of(tt_weight(10));
  TurningOptimiser optimiser({.theta = 1, .shrink = 0.25, .least = 0.1});
  double expected = 1;
  for (int k = 0; k < 12; ++k) {
    const double loss = rising.loss(state);
    EXPECT_NEAR(optimiser.step(state, rising), loss, 1e-6);
    if (rising.loss(state) > loss) expected = std::max(0.1, 0.25 * expected);
    EXPECT_NEAR(optimiser.observed().at("angle"), expected, 1e-15) << k;
  }
  EXPECT_EQ(expected, 0.1);
}

TEST(TurnedCore, GoesForthAndBack) {
  std::vector<std::size_t> found;
  for (std::int64_t k = 0; k < 8; ++k) found.push_back(turned_core(k, 4));
  EXPECT_EQ(found, (std::vector<std::size_t>{0, 1, 2, 3, 2, 1, 0, 1}));
  EXPECT_EQ(turned_core(3, 2), 1U);
  EXPECT_EQ(turned_core(4, 2), 0U);
  EXPECT_EQ(turned_core(5, 1), 0U);
}

// Each step changes one core in the frame of the others: what the others span stays.
TEST(TurningOptimiser, TurnsOneCoreAfterTheOther) {
  OneWeight objective(values({5, 12}, 11));
  nn::State state = state_of(tt_weight(12));
  const auto optimiser = make_optimiser("tsgo(theta=5deg,shrink=1)");
  for (const std::size_t core : {0U, 1U, 2U, 1U, 0U}) {
    const auto before =
        tn::canonical(train_layers(state).at(0).train, static_cast<std::int64_t>(core));
    optimiser->step(state, objective);
    auto within = before;  // the new weight seen in the old frames of all other cores
    auto rest = testing::as_tensor(dense_of(state)).reshape({1, -1});
    for (std::size_t k = 0; k < core; ++k) {
      const auto u = before.cores[k].reshape({-1, before.cores[k].size(2)});
      rest = u.t().matmul(rest.reshape({u.size(0), -1}));
    }
    for (std::size_t k = 2; k > core; --k) {
      const auto v = before.cores[k].reshape({before.cores[k].size(0), -1});
      rest = rest.reshape({-1, v.size(1)}).matmul(v.t());
    }
    within.cores[core] = rest.reshape(before.cores[core].sizes());
    within.centre = -1;
    within.log_scale = 0;
    EXPECT_LT(distance(tn::full(within), testing::as_tensor(dense_of(state))), 1e-11) << core;
  }
}

TEST(TurningOptimiser, RefusesMemoriesThatAreNone) {
  const auto refused = [](const char* name, const at::Tensor& tensor, const char* part) {
    const auto optimiser = make_optimiser("tsgo(theta=10deg)");
    expect_error([&] { optimiser->load({{name, tensor}}); }, part);
  };
  const auto number = [](double value) { return at::scalar_tensor(value, at::kDouble); };
  refused("train:w/angle", number(0.1), "does not remember");
  refused("train:w/turns", number(2), "whole number");
  refused("train:w/turns", at::scalar_tensor(-2, at::kLong), "whole number, not below zero");
  refused("tsgo/angle", number(0.2), "no larger than the first angle");
  refused("tsgo/angle", number(0), "not above zero");
  refused("tsgo/angle", number(std::nan("")), "not above zero");
  refused("tsgo/angle", at::scalar_tensor(1, at::kLong), "one number in double");
}

TEST(Angle, IsReadInDegreesOrRadians) {
  EXPECT_NEAR(parse_angle("10deg", "theta"), 10 * kDegree, 1e-16);
  EXPECT_NEAR(parse_angle(" 0.5 deg", "theta"), 0.5 * kDegree, 1e-16);
  EXPECT_EQ(parse_angle("0.17", "theta"), 0.17);
  for (const char* bad :
       {"0", "0deg", "90deg", "-5deg", "1.6", "ten", "deg", "", "nan", "10grad"}) {
    expect_error([&] { parse_angle(bad, "theta"); }, "theta is an angle between 0 and 90 degrees");
  }
}

TEST(TurningOptimiser, ReadsSpecs) {
  const auto optimiser = make_optimiser("tsgo(theta=20deg,shrink=0.5,least=1deg,lr=0.01)");
  EXPECT_EQ(make_optimiser(optimiser->spec())->spec(), optimiser->spec());
  const double small = parse_angle("0.001deg", "theta");  // below the usual least
  EXPECT_EQ(make_optimiser("tsgo(theta=0.001deg)")->spec(),
            TurningOptimiser({.theta = small, .least = small}).spec());
  const auto refused = [](const char* spec, const char* part) {
    expect_error([&] { make_optimiser(spec); }, part);
  };
  refused("tsgo(theta=90deg)", "theta is an angle between 0 and 90 degrees");
  refused("tsgo(theta=5deg,least=6deg)", "least=6deg, is above the first, theta=5deg");
  refused("tsgo(shrink=1.5)", "shrink");
  refused("tsgo(angle=5deg)", "no option 'angle'");
  expect_error([] { TurningOptimiser({.theta = 2}); }, "between 0 and 90 degrees");
}

}  // namespace
}  // namespace ranklens::optim
