#include "ranklens/optim/optimiser.h"

#include <cmath>
#include <limits>
#include <vector>

#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ranklens/base/error.h"
#include "ranklens/base/random.h"
#include "ranklens/optim/adam.h"
#include "ranklens/optim/sgd.h"

namespace ranklens::optim {
namespace {

at::Tensor start() { return at::tensor({1.0, -2.0, 0.5}, at::kDouble); }

// The gradient of sum(c w^2 / 2 + sin w).
at::Tensor gradient(const at::Tensor& w) {
  return at::tensor({1.0, 2.0, -0.5}, at::kDouble).mul(w).add(w.cos());
}

at::Tensor after(GradientOptimiser& optimiser, int steps, const std::vector<double>& rates = {}) {
  const nn::NamedTensor w{"w", start()};
  for (int t = 0; t < steps; ++t) {
    const double rate = rates.empty() ? 1 : rates[static_cast<std::size_t>(t)];
    optimiser.update({w}, {gradient(w.tensor)}, rate);
  }
  return w.tensor;
}

void expect_near(const at::Tensor& found, const std::vector<double>& expected) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(found[static_cast<std::int64_t>(i)].item<double>(), expected[i], 1e-12) << i;
  }
}

// Four steps of torch.optim of PyTorch 2.13 in float64 on the same function.
TEST(Adam, AsPyTorch) {
  Adam plain({.lr = 0.1});
  expect_near(after(plain, 4), {0.60037607676844, -1.60220553704619, 0.0988658207898344});
  const AdamOptions decay{.lr = 0.1, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-3, .weight_decay = 0.1};
  Adam coupled(decay);
  expect_near(after(coupled, 4), {0.601064959436201, -1.60328480999118, 0.0979992419357693});
  AdamOptions apart = decay;
  apart.decoupled = true;
  Adam decoupled(apart);
  expect_near(after(decoupled, 4), {0.567492454455538, -1.53130598119999, 0.0840214600595068});
}

// The update that Keras documents, alpha_t m / (sqrt(v) + eps), computed apart.
TEST(Adam, EpsHat) {
  Adam keras({.lr = 0.1, .eps = 1e-2, .eps_hat = true});
  expect_near(after(keras, 4), {0.650216028965988, -1.62161673530157, 0.196587365275133});
  EXPECT_EQ(AdamOptions::keras().eps, 1e-7);
}

TEST(Sgd, AsPyTorch) {
  Sgd plain({.lr = 0.1});
  expect_near(after(plain, 4), {0.40857086001593, -0.875543478511651, 0.212613817203838});
  Sgd momentum({.lr = 0.1, .momentum = 0.9, .dampening = 0.2, .weight_decay = 0.05});
  expect_near(after(momentum, 4), {-0.198555811151706, 0.372635480488566, -0.074818077721257});
  Sgd nesterov({.lr = 0.1, .momentum = 0.9, .nesterov = true});
  expect_near(after(nesterov, 4), {-0.632092338393758, 0.258847396774948, -0.448575085535003});
  Sgd scheduled({.lr = 0.1, .momentum = 0.9});
  expect_near(after(scheduled, 4, {1, 0.5, 0.25, 0.125}),
              {0.535820261901177, -0.881125560257409, 0.29705447352125});
}

// The first step of Adam has length lr in every direction (its closed form, eps -> 0).
TEST(Adam, FirstStepIsTheSign) {
  Adam adam({.lr = 0.25, .eps = 0});
  expect_near(after(adam, 1), {0.75, -1.75, 0.25});
}

// Without eps: no gradient is no step, and one whose square underflows at most a step of lr.
TEST(Adam, StandsStillWithoutGradientsAndEps) {
  for (const auto type : {at::kFloat, at::kDouble}) {
    Adam adam({.lr = 0.25, .eps = 0});
    const nn::NamedTensor w{"w", at::zeros({4}, type)};
    const double tiny = type == at::kFloat ? 1e-25 : 1e-170;
    for (int step = 0; step < 2; ++step)
      adam.update({w}, {at::tensor({0.0, tiny, 3.0, -2.0}, type)});
    EXPECT_EQ(w.tensor[0].item<double>(), 0);
    EXPECT_LE(w.tensor[1].abs().item<double>(), 0.5);
    EXPECT_NEAR(w.tensor[2].item<double>(), -0.5, 1e-6);
    EXPECT_NEAR(w.tensor[3].item<double>(), 0.5, 1e-6);
  }
}

// A kernel that walks through memory must not mix up layouts.
TEST(GradientOptimiser, LayoutsMayDiffer) {
  for (const char* spec : {"adam(lr=0.1)", "sgd(lr=0.1,momentum=0.5)"}) {
    base::Stream stream(1, "test");
    const at::Tensor w = stream.normal({4, 3, 2, 2});
    const at::Tensor g = stream.normal({4, 3, 2, 2});
    const nn::NamedTensor plain{"w", w.clone()};
    const nn::NamedTensor last{"w", w.contiguous(at::MemoryFormat::ChannelsLast).clone()};
    auto a = make_optimiser(spec);
    auto b = make_optimiser(spec);
    auto& first = dynamic_cast<GradientOptimiser&>(*a);
    auto& second = dynamic_cast<GradientOptimiser&>(*b);
    for (int step = 0; step < 3; ++step) {
      first.update({plain}, {g.contiguous(at::MemoryFormat::ChannelsLast)});
      second.update({last}, {g});
    }
    EXPECT_TRUE(plain.tensor.equal(last.tensor)) << spec;
    EXPECT_FALSE(plain.tensor.equal(w));
  }
}

TEST(GradientOptimiser, MemoryIsKeyedByName) {
  Adam together({.lr = 0.1});
  const nn::NamedTensor a{"a", start()}, b{"b", start()};
  // b joins two steps later, and skips one: as if it were trained alone.
  together.update({a}, {gradient(a.tensor)});
  together.update({a}, {gradient(a.tensor)});
  together.update({b, a}, {gradient(b.tensor), gradient(a.tensor)});
  together.update({a, b}, {gradient(a.tensor), at::Tensor()});
  together.update({a, b}, {at::Tensor(), gradient(b.tensor)});
  Adam alone({.lr = 0.1});
  EXPECT_TRUE(a.tensor.equal(after(alone, 4)));
  Adam fresh({.lr = 0.1});
  EXPECT_TRUE(b.tensor.equal(after(fresh, 2)));
}

TEST(GradientOptimiser, AnotherShapeStartsAfresh) {
  Adam adam({.lr = 0.25, .eps = 0});
  const nn::NamedTensor small{"w", at::zeros({2}, at::kDouble)};
  adam.update({small}, {at::tensor({1.0, -1.0}, at::kDouble)});
  const nn::NamedTensor grown{"w", at::zeros({3}, at::kDouble)};
  adam.update({grown}, {at::tensor({3.0, -2.0, 0.5}, at::kDouble)});
  expect_near(grown.tensor, {-0.25, 0.25, -0.25});
}

TEST(GradientOptimiser, SavedAndLoadedGoesOnTheSame) {
  for (const char* spec : {"adam(lr=0.1)", "sgd(lr=0.1,momentum=0.9)", "sgd(lr=0.1)"}) {
    auto whole = make_optimiser(spec);
    const at::Tensor expected = after(dynamic_cast<GradientOptimiser&>(*whole), 5);
    auto first = make_optimiser(spec);
    const nn::NamedTensor w{"w", after(dynamic_cast<GradientOptimiser&>(*first), 2)};
    auto second = make_optimiser(first->spec());
    std::map<std::string, at::Tensor> copy;
    for (const auto& [name, tensor] : first->save()) copy[name] = tensor.clone();
    second->load(copy);
    auto& resumed = dynamic_cast<GradientOptimiser&>(*second);
    for (int t = 2; t < 5; ++t) resumed.update({w}, {gradient(w.tensor)});
    EXPECT_TRUE(w.tensor.equal(expected)) << spec;
  }
}

TEST(GradientOptimiser, RefusesForeignMemory) {
  Adam adam;
  EXPECT_THROW(adam.load({{"w/momentum", start()}}), base::Error);
  EXPECT_THROW(adam.load({{"w/m", start()}}), base::Error);
  EXPECT_THROW(adam.load({{"w", start()}}), base::Error);
}

struct Fixed : Objective {
  double value;
  explicit Fixed(double loss_value) : value(loss_value) {}
  double loss(const nn::State&) override { return value; }
  Gradients loss_and_gradients(const nn::State& state, const Phase&) override {
    return {value, {{"w", gradient(state.tensor("w"))}}};
  }
};

TEST(GradientOptimiser, StepsOnAStateUnlessTheLossIsNotFinite) {
  nn::State state;
  state.set("w", {.weight = nn::Weight(start())});
  Adam adam({.lr = 0.1});
  Fixed broken(std::numeric_limits<double>::quiet_NaN());
  EXPECT_TRUE(std::isnan(adam.step(state, broken)));
  EXPECT_TRUE(state.tensor("w").equal(start()));
  Fixed good(2.5);
  for (int t = 0; t < 4; ++t) EXPECT_EQ(adam.step(state, good), 2.5);
  expect_near(state.tensor("w"), {0.60037607676844, -1.60220553704619, 0.0988658207898344});
}

TEST(MakeOptimiser, ReadsSpecs) {
  EXPECT_EQ(make_optimiser("adam")->spec(), Adam().spec());
  EXPECT_EQ(make_optimiser("adamw(lr=0.01)")->spec(),
            Adam({.lr = 0.01, .weight_decay = 0.01, .decoupled = true}).spec());
  EXPECT_EQ(make_optimiser("adam(eps=1e-7,eps_hat)")->spec(), Adam(AdamOptions::keras()).spec());
  EXPECT_EQ(make_optimiser("sgd(lr=0.1,momentum=0.9,nesterov)")->spec(),
            Sgd({.momentum = 0.9, .nesterov = true}).spec());
  for (const char* spec : {"adam(lr=0)", "adam(momentum=1)", "sgd(nesterov)", "rmsprop",
                           "adam(beta2=1)", "sgd(lr=x)"}) {
    EXPECT_THROW(make_optimiser(spec), base::Error) << spec;
  }
}

}  // namespace
}  // namespace ranklens::optim
