// Gradients and steps on the manifold of tensor trains. Sources of the identities: Novikov, Rakhuba
// and Oseledets 2022; Steinlechner 2016.
#include "ranklens/optim/tensor_train/riemannian.h"

#include <cmath>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/ops/matmul.h>
#include <ATen/ops/scalar_tensor.h>
#include <gtest/gtest.h>

#include "ranklens/optim/tensor_train/gradients.h"
#include "ranklens/optim/tensor_train/tangent_point.h"
#include "ranklens/tn/train/algebra.h"

#include "optim/tensor_train/trains.h"
#include "testing/expect_error.h"

namespace ranklens::optim {
namespace {

using ranklens::testing::expect_error;
using testing::as_tensor;
using testing::conv_weight;
using testing::dense_gradient;
using testing::dense_of;
using testing::derivative;
using testing::distance;
using testing::norm;
using testing::OfState;
using testing::OneWeight;
using testing::state_of;
using testing::tt_weight;
using testing::values;

tn::Tangent found_gradient(OneWeight& objective, const nn::State& state, const TrainLayer& layer,
                           const tn::TangentSpace& space) {
  nn::State probed = state;
  set_cores(probed, layer, with_slots(space));
  auto gradients = named_gradients(objective.loss_and_gradients(probed, {}));
  return gradient_in(space, take_cores(layer, gradients));
}

TEST(RiemannianGradient, IsTheProjectionOfTheDenseOne) {
  const auto weight = tt_weight(1);
  const auto state = state_of(weight);
  const auto layer = train_layers(state).at(0);
  const auto space = space_at(layer.train);
  OneWeight objective(values({5, 12}, 9));
  const auto found = found_gradient(objective, state, layer, space);
  const auto expected = tn::project(space, as_tensor(dense_gradient(objective, weight->dense())));
  for (std::size_t k = 0; k < 3; ++k) {
    EXPECT_LT(distance(found.deltas[k], expected.deltas[k]), 1e-12) << k;
  }
}

TEST(RiemannianGradient, OfAConvolutionIsTheProjectionOfTheDenseOne) {
  const auto weight = conv_weight(4);
  const auto state = state_of(weight);
  const auto layer = train_layers(state).at(0);
  const auto space = space_at(layer.train);
  OneWeight objective(values({2, 6, 5, 5}, 10));
  const auto found = found_gradient(objective, state, layer, space);
  const auto dense = dense_gradient(objective, weight->dense())  // [(2 2), (3 2), 3, 3]
                         .reshape({2, 2, 3, 2, 9})
                         .permute({4, 0, 2, 1, 3})
                         .reshape({9, 6, 4});
  const auto expected = tn::project(space, dense.contiguous());
  for (std::size_t k = 0; k < 3; ++k) {
    EXPECT_LT(distance(found.deltas[k], expected.deltas[k]), 1e-12) << k;
  }
}

// Twice the same train side by side has twice its ranks and half of them for nothing.
TEST(Riemannian, DropsDirectionsThatAreNotThere) {
  for (const char* spec : {"riemannian_sgd(lr=0.01)", "riemannian_adam(lr=0.01)"}) {
    auto state = state_of(tt_weight(7)), doubled = state.clone();
    const auto layer = train_layers(state).at(0);
    set_cores(doubled, layer, plain_cores(0.5 * layer.train + 0.5 * layer.train));
    OneWeight objective(values({5, 12}, 11));
    const auto one = make_optimiser(spec), other = make_optimiser(spec);
    for (int step = 0; step < 3; ++step) {
      one->step(state, objective);
      other->step(doubled, objective);
    }
    const auto found = train_layers(doubled).at(0).train;
    EXPECT_EQ(tn::ranks(found), tn::ranks(train_layers(state).at(0).train));
    EXPECT_LT(distance(tn::full(found), tn::full(train_layers(state).at(0).train)), 1e-9) << spec;
  }
}

// Along random tangents the derivative is the inner product.
void expect_finite_differences(const nn::Weight& weight, const at::Tensor& x,
                               at::IntArrayRef sizes) {
  const auto state = state_of(weight);
  const auto layer = train_layers(state).at(0);
  const auto space = space_at(layer.train);
  OneWeight objective(x);
  const auto gradient = found_gradient(objective, state, layer, space);
  for (std::uint64_t seed = 20; seed < 23; ++seed) {
    const auto tangent = tn::project(space, values(sizes, seed));
    const auto at_step = [&](double step) {
      nn::State moved = state;
      set_cores(moved, layer, plain_cores(tn::retract(space, tangent, step).train));
      return objective.loss(moved);
    };
    const double slope = derivative(at_step, 0.1 / tn::norm(tangent)) / tn::norm(gradient);
    const double expected = inner(gradient, tangent) / tn::norm(gradient);
    EXPECT_NEAR(slope, expected, 1e-10 * tn::norm(tangent));
  }
}

TEST(RiemannianGradient, AgreesWithFiniteDifferences) {
  expect_finite_differences(tt_weight(7), values({5, 12}, 11), {6, 6, 4});
}

TEST(RiemannianGradient, OfAConvolutionAgreesWithFiniteDifferences) {
  expect_finite_differences(conv_weight(4), values({2, 6, 5, 5}, 10), {9, 6, 4});
}

// The same weight in another gauge makes the same step; core by core it does not.
TEST(RiemannianOptimiser, DoesNotSeeTheGauge) {
  const auto weight = tt_weight(12);
  auto cores = weight->factors();
  const auto a = values({4, 4}, 30), b = values({3, 3}, 31);
  std::vector<at::Tensor> turned{
      at::matmul(cores[0].tensor, a),
      at::matmul(at::matmul(a.inverse(), cores[1].tensor.reshape({4, -1})).reshape({4, 2, 3, 3}),
                 b),
      at::matmul(b.inverse(), cores[2].tensor.reshape({3, -1})).reshape({3, 2, 2, 1})};
  const auto other = weight->with(turned);
  EXPECT_LT(distance(other->dense(), weight->dense()), 1e-10);
  for (const char* spec :
       {"riemannian_sgd(lr=0.1,momentum=0.5)", "riemannian_adam(lr=0.05)",
        "riemannian_adam(lr=0.05,grow=1,tau=1e-6,every=2)", "riemannian_cg(lr=0.1)",
        "tt_psi(lr=0.1)", "tsgo(theta=5deg)", "dmrg(bond=4)", "als", "sgd(lr=0.1)"}) {
    nn::State one = state_of(weight).clone(), two = state_of(other).clone();
    const auto first = make_optimiser(spec), second = make_optimiser(spec);
    OneWeight objective(values({5, 12}, 13));
    for (int k = 0; k < 3; ++k) {
      first->step(one, objective);
      second->step(two, objective);
    }
    const double off = distance(one.at("w").weight->dense(), two.at("w").weight->dense());
    if (std::string_view(spec).starts_with("sgd")) {
      EXPECT_GT(off, 1e-3);
    } else {
      EXPECT_LT(off, 1e-9) << spec;
    }
  }
}

TEST(RiemannianOptimiser, ConjugateGradientsNeverRaiseTheLoss) {
  nn::State state = state_of(tt_weight(14));
  OneWeight objective(values({5, 12}, 15));
  const auto optimiser = make_optimiser("riemannian_cg(lr=1)");
  double last = objective.loss(state);
  for (int k = 0; k < 30; ++k) {
    optimiser->step(state, objective);
    const double now = objective.loss(state);
    EXPECT_LE(now, last + 1e-12);
    last = now;
  }
  EXPECT_LT(last, -0.9);  // of a mean of cosines
}

// Steps double from batch to batch, up to a bound that a schedule lowers.
TEST(RiemannianOptimiser, StepsOfConjugateGradientsMayBeBounded) {
  const auto longest_of = [](const std::string& spec, double rate) {
    nn::State state = state_of(tt_weight(14));
    OneWeight objective(values({5, 12}, 15));
    const auto optimiser = make_optimiser(spec);
    double longest = 0;
    for (int k = 0; k < 10; ++k) {
      optimiser->step(state, objective, rate);
      longest = std::max(longest, optimiser->save().at("train:w/tried").item<double>());
    }
    return longest;
  };
  EXPECT_GT(longest_of("riemannian_cg(lr=1e-3)", 1), 0.01);
  EXPECT_DOUBLE_EQ(longest_of("riemannian_cg(lr=1e-3,longest=2e-3)", 1), 2e-3);
  EXPECT_DOUBLE_EQ(longest_of("riemannian_cg(lr=1e-3,longest=2e-3)", 0.25), 5e-4);
  const auto spec = make_optimiser("riemannian_cg(longest=0.5)")->spec();
  EXPECT_EQ(make_optimiser(spec)->spec(), spec);
  expect_error([] { make_optimiser("riemannian_sgd(longest=1)"); }, "longest");
}

// A schedule may begin at zero: nothing moves, and what is remembered is not lost.
TEST(RiemannianOptimiser, AStepOfNoLengthKeepsItsMemory) {
  nn::State state = state_of(tt_weight(16));
  const auto before = dense_of(state).clone();
  OneWeight objective(values({5, 12}, 17));
  const auto optimiser = make_optimiser("riemannian_sgd(lr=0.1,momentum=0.5)");
  optimiser->step(state, objective, 0);
  EXPECT_TRUE(dense_of(state).equal(before));
  EXPECT_EQ(optimiser->save().count("train:w/momentum.0"), 1U);
}

TEST(RiemannianOptimiser, SearchesDoNotDecay) {
  expect_error([] { make_optimiser("riemannian_cg(weight_decay=0.1)"); },
               "riemannian_cg takes no weight_decay");
  const auto spec = make_optimiser("riemannian_cg(lr=0.5)")->spec();
  EXPECT_EQ(make_optimiser(spec)->spec(), spec);
}

/// A matrix [12, 12] in three cores of all the ranks that such a train can have.
nn::Weight full_train(std::uint64_t seed) {
  std::vector<at::Tensor> cores{values({1, 3, 2, 6}, seed), values({6, 2, 3, 4}, seed + 1),
                                values({4, 2, 2, 1}, seed + 2)};
  return nn::Weight(std::make_shared<nn::TTMatrix>(nn::Shape{12, 12}, std::move(cores)));
}

TEST(RiemannianOptimiser, AtFullRankIsDenseSgdWithItsMomentumAndDecay) {
  for (const std::string options :
       {"(lr=0.2)", "(lr=0.2,momentum=0.9)", "(lr=0.2,weight_decay=0.3)",
        "(lr=0.2,momentum=0.9,weight_decay=0.3)"}) {
    auto train = state_of(full_train(50));
    auto dense = state_of(nn::Weight(dense_of(train).contiguous().clone()));
    OneWeight objective(values({5, 12}, 53));
    const auto one = make_optimiser("riemannian_sgd" + options),
               other = make_optimiser("sgd" + options);
    for (int k = 0; k < 6; ++k) {
      const double rate = k == 3 ? 0.5 : 1;
      one->step(train, objective, rate);
      other->step(dense, objective, rate);
      EXPECT_LT(distance(dense_of(train), dense_of(dense)), 1e-9 * norm(dense_of(dense)))
          << options << " " << k;
    }
  }
}

// Where there is no gradient, a train and a dense tensor shrink alike; a matrix product state by
// the shares of its norm that momentum has summed.
TEST(RiemannianOptimiser, MomentumSumsTheDecayOfAllTensors) {
  nn::State state = state_of(tt_weight(54));
  state.set("b", {.weight = nn::Weight(values({7}, 57))});
  state.set("mps.core.0", {.weight = nn::Weight(values({1, 3, 2}, 58))});
  state.set("mps.core.1", {.weight = nn::Weight(values({2, 4, 1}, 59))});
  state = state.clone();
  const auto before = state.clone();
  const auto whole = [](const nn::State& at) { return tn::full(train_layers(at).at(1).train); };
  OfState flat([](const nn::State& at) { return 0 * at.tensor("b").square().sum(); });
  const auto optimiser = make_optimiser("riemannian_sgd(lr=0.1,momentum=0.9,weight_decay=0.01)");
  double summed = 0, share = 1;
  for (int k = 0; k < 30; ++k) {
    optimiser->step(state, flat);
    summed = 0.9 * summed + 0.01;
    share *= 1 - 0.1 * summed;
  }
  const double left = norm(state.tensor("b")) / norm(before.tensor("b"));
  EXPECT_LT(left, 0.9);  // without momentum 0.97
  EXPECT_LT(distance(dense_of(state), left * dense_of(before)), 1e-9 * norm(dense_of(before)));
  EXPECT_LT(distance(whole(state), share * whole(before)), 1e-9 * norm(whole(before)));
}

TEST(RiemannianOptimiser, RefusesMemoriesThatAreNone) {
  const auto core = [](at::IntArrayRef sizes) { return values(sizes, 1); };
  const auto number = [](double value) { return at::scalar_tensor(value, at::kDouble); };
  const auto refused = [](const std::map<std::string, at::Tensor>& saved, const char* part) {
    expect_error([&] { make_optimiser("riemannian_cg")->load(saved); }, part);
  };
  refused({{"train:w/momentum.1", core({2, 3, 1})}}, "lacks some of its cores");
  refused({{"train:w/gradient.scale", number(1)}}, "lacks some of its cores");
  refused({{"train:w/momentum.0", core({1, 3, 2})}, {"train:w/momentum.1", core({3, 3, 1})}},
          "rank");
  refused({{"train:w/momentum.x", core({1, 3, 1})}}, "does not remember");
  refused({{"train:w/second", at::scalar_tensor(1, at::kLong)}}, "one number in double");
  refused({{"train:w/second", number(-1)}}, "negative");
  refused({{"train:w/tried", number(std::nan(""))}}, "no finite number");
  refused({{"train:w/steps", at::scalar_tensor(-1, at::kLong)}}, "whole number, not below zero");
}

TEST(TrainLayers, FindMatrixProductStates) {
  nn::State state;
  state.set("mps.core.0", {.weight = nn::Weight(values({1, 2, 2}, 40))});
  state.set("mps.core.1", {.weight = nn::Weight(values({2, 5, 2}, 41))});
  state.set("mps.core.2", {.weight = nn::Weight(values({2, 2, 1}, 42))});
  state.set("other", {.weight = nn::Weight(values({3, 2}, 43))});
  const auto layers = train_layers(state);
  ASSERT_EQ(layers.size(), 1U);
  EXPECT_EQ(layers[0].name, "mps");
  nn::State changed = state;
  set_cores(changed, layers[0], with_slots(space_at(layers[0].train)));
  EXPECT_EQ(changed.tensor("mps.core.1").sizes(), (at::IntArrayRef{4, 5, 4}));
}

// A loss that falls for ever along a line, more and more slowly: no trial goes farther than the
// weight is long (and rounding to the ranks at most as far again, twice), however long the last one
// was.
TEST(RiemannianOptimiser, SearchesNoFartherThanTheWeightIsLong) {
  auto state = state_of(tt_weight(1));
  const auto way = values({12, 12}, 60);
  OfState objective(
      [&](const nn::State& at) { return (1 + (dense_of(at) * way).sum().exp()).log(); });
  const auto cg = make_optimiser("riemannian_cg(lr=0.1)");
  for (int k = 0; k < 12; ++k) {
    const auto before = dense_of(state);
    cg->step(state, objective);
    EXPECT_LT(distance(dense_of(state), before), 3 * norm(before)) << k;
  }
  EXPECT_LT(objective.loss(state), 1e-3);
}

}  // namespace
}  // namespace ranklens::optim
