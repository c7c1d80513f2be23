// A matrix product state whose gradients are parts of a tangent vector: what differentiating the
// train of twice the ranks gives, in a classifier and as tensors.
#include "ranklens/optim/tensor_train/probe_state.h"

#include <cmath>

#include <ATen/ops/arange.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ranklens/base/error.h"
#include "ranklens/nn/low_memory.h"
#include "ranklens/nn/network.h"
#include "ranklens/nn/zoo/zoo.h"
#include "ranklens/optim/clip.h"
#include "ranklens/optim/optimiser.h"
#include "ranklens/optim/tensor_train/gradients.h"
#include "ranklens/optim/tensor_train/tangent_point.h"
#include "ranklens/tn/train/algebra.h"

#include "optim/tensor_train/trains.h"

namespace ranklens::optim {
namespace {

using testing::distance;
using testing::OfNetwork;
using testing::OfState;
using testing::values;

/// A state in work: its train, the space in units of its norm, and each core's share of that.
struct Probed {
  explicit Probed(nn::State given) : state(std::move(given)), layer(train_layers(state).at(0)) {
    double log_norm = 0;
    space = unit_space_at(layer.train, log_norm);
    share = share_of_each(log_norm, layer.tensors.size());
    probes = slots = state;
    const auto weights = state_probe(space, share);
    for (std::size_t k = 0; k < weights.size(); ++k) probes.replace(layer.entries[k], weights[k]);
    set_cores(slots, layer, scaled(with_slots(space), share));
  }
  tn::Tangent gradient(const Gradients& found) const {
    auto gradients = named_gradients(found);
    return gradient_in(space, scaled(take_cores(layer, gradients), share));
  }

  nn::State state, probes, slots;
  TrainLayer layer;
  tn::TangentSpace space;
  double share = 1;
};

void expect_same_gradients(const Probed& of, OfState& objective) {
  const auto found = objective.loss_and_gradients(of.probes, {}),
             wanted = objective.loss_and_gradients(of.slots, {});
  EXPECT_NEAR(found.loss, objective.loss(of.state), 1e-12 * std::abs(found.loss));
  const auto tangent = of.gradient(found), expected = of.gradient(wanted);
  const double size = tn::norm(expected);
  EXPECT_GT(size, 1e-3);
  for (std::size_t k = 0; k < tangent.deltas.size(); ++k)
    EXPECT_LT(distance(tangent.deltas[k], expected.deltas[k]), 1e-11 * size) << k;
  // What clipping sees of the probes, and would see of tensors like theirs.
  std::vector<at::Tensor> parts;
  for (const auto& one : found.gradients) parts.push_back(one.tensor);
  EXPECT_NEAR(global_norm(of.probes, parts), size, 1e-11 * size);
  EXPECT_GT(std::abs(global_norm(parts) - size), 0.01 * size);
}

nn::Network classifier(bool scaled) {
  auto network = nn::zoo::mps_classifier({.size = 8, .classes = 3, .width = 5, .seed = 4});
  for (const auto& name : network.state.names()) {
    const auto core = network.state.tensor(name).to(at::kDouble);
    network.state.replace(name, nn::Weight(scaled ? 7 * core : core));
  }
  return network;
}

TEST(StateProbe, GivesTheTangentGradientOfAClassifier) {
  const auto images = values({9, 1, 8, 8}, 31).abs();
  const auto labels = at::arange(9).remainder(3);
  for (const bool large : {false, true}) {
    const auto network = classifier(large);
    OfState objective([&](const nn::State& at) {
      const auto logits = nn::run(network.graph, at, {images}).output();
      return at::cross_entropy_loss(large ? logits / std::pow(7, 17) : logits, labels);
    });
    const Probed of(network.state);
    expect_same_gradients(of, objective);
  }
}

// Along random tangents, in units of the state's norm, the derivative is the inner product.
TEST(StateProbe, GivesWhatFiniteDifferencesGive) {
  const auto network = classifier(false);
  const auto images = values({9, 1, 8, 8}, 36).abs();
  const auto labels = at::arange(9).remainder(3);
  OfState objective([&](const nn::State& at) {
    return at::cross_entropy_loss(nn::run(network.graph, at, {images}).output(), labels);
  });
  const Probed of(network.state);
  const auto gradient = of.gradient(objective.loss_and_gradients(of.probes, {}));
  for (std::uint64_t seed = 40; seed < 43; ++seed) {
    std::vector<at::Tensor> deltas;
    for (const auto& core : of.space.left)
      deltas.push_back(values(core.sizes(), seed + 10 * deltas.size()));
    const auto tangent = tn::gauged(of.space, deltas);
    const auto at_step = [&](double step) {
      nn::State moved = of.state;
      set_cores(moved, of.layer,
                scaled(plain_cores(tn::retract(of.space, tangent, step).train), of.share));
      return objective.loss(moved);
    };
    const double slope = testing::derivative(at_step, 2e-4 / tn::norm(tangent));
    // A hundredth of the norm away the loss is another one, so differences are of near values.
    EXPECT_NEAR(slope, inner(gradient, tangent), 3e-9 * tn::norm(gradient) * tn::norm(tangent));
  }
}

/// Whether the logits come of the pass at the point's own ranks, whose gradients know no second
/// derivative.
bool in_one_pass(const nn::Graph& graph, const nn::State& probes, const at::Tensor& images) {
  const auto leaves = probes.as_leaves();
  std::vector<at::Tensor> parts;
  for (const auto& one : leaves.trainable()) parts.push_back(one.tensor);
  const auto sum = nn::run(graph, leaves, {images}).output().sum();
  try {
    torch::autograd::grad({sum}, parts, {}, true, true);
  } catch (const base::Error& error) {
    EXPECT_NE(std::string(error.what()).find("differentiated twice"), std::string::npos);
    return true;
  }
  return false;
}

TEST(StateProbe, IsDifferentiatedInOnePassWhereNothingElseIsWanted) {
  const auto network = classifier(false);
  const Probed of(network.state);
  const auto images = values({3, 1, 8, 8}, 34).abs();
  EXPECT_TRUE(in_one_pass(network.graph, of.probes, images));
  EXPECT_TRUE(in_one_pass(network.graph, nn::with_low_memory(of.probes), images));
  EXPECT_FALSE(in_one_pass(network.graph, of.slots, images));
  EXPECT_FALSE(in_one_pass(network.graph, of.probes, images.clone().requires_grad_()));
}

// What is computed in bfloat16 is the function of cores that were rounded to it, in both ways.
TEST(StateProbe, IsRoundedToTheTypeOfTheNetwork) {
  const auto network = classifier(false);
  const Probed of(network.state);
  const auto images = values({7, 1, 8, 8}, 35).abs();
  const auto narrow = [&](const nn::State& state) {
    nn::State cast = state;
    for (const auto& name : state.names()) {
      const auto& weight = state.at(name).weight;
      cast.replace(name,
                   nn::map_factors(weight, [](const auto& t) { return t.to(at::kBFloat16); }));
    }
    return cast;
  };
  const auto found = nn::run(network.graph, narrow(of.probes), {images}).output().to(at::kDouble),
             wide = nn::run(network.graph, of.state, {images}).output();
  EXPECT_LT(distance(found, wide), 0.2 * testing::norm(wide));
  EXPECT_GT(distance(found, wide), 1e-4 * testing::norm(wide));
}

// Where pixels want a gradient too, and where cores are taken as tensors.
TEST(StateProbe, GivesTheTangentGradientElsewhere) {
  const auto network = classifier(false);
  const Probed of(network.state);
  const auto images = values({3, 1, 8, 8}, 32).abs().requires_grad_();
  OfState through_pixels([&](const nn::State& at) {
    return nn::run(network.graph, at, {images}).output().cos().mean();
  });
  expect_same_gradients(of, through_pixels);
  OfState tensors([](const nn::State& at) {
    auto row = at::ones({1}, at::kDouble);
    for (int k = 0; k <= 16; ++k) {
      const auto& core = at.at(fmt::format("mps.core.{}", k)).weight;
      row = at::matmul(row, core->dense().sum(1));
    }
    return (row * 3).sin().sum();
  });
  expect_same_gradients(of, tensors);
}

// The same steps whether the objective takes probes or not.
TEST(StateProbe, StepsAsTheTrainOfTwiceTheRanks) {
  const auto network = classifier(false);
  const auto images = values({9, 1, 8, 8}, 33).abs();
  const auto labels = at::arange(9).remainder(3);
  bool probed = false;
  const auto loss = [&](const nn::State& at) {
    probed = probed || at.at("mps.core.1").weight->kind() == "probe";
    return at::cross_entropy_loss(nn::run(network.graph, at, {images}).output(), labels);
  };
  OfState tensors(loss);
  OfNetwork weights(loss);
  for (const char* spec : {"riemannian_sgd(lr=3e-3,momentum=0.5)", "riemannian_adam(lr=1e-3)"}) {
    auto by_tensors = network.state, by_weights = network.state;
    const auto one = make_optimiser(spec), other = make_optimiser(spec);
    for (int k = 0; k < 4; ++k) {
      probed = false;
      const double expected = one->step(by_tensors, tensors);
      EXPECT_FALSE(probed);
      EXPECT_NEAR(other->step(by_weights, weights), expected, 1e-9) << spec;
      EXPECT_TRUE(probed);
    }
    EXPECT_GT(distance(by_weights.tensor("mps.core.3"), network.state.tensor("mps.core.3")), 1e-3);
    const auto whole = [](const nn::State& at) { return tn::full(train_layers(at).at(0).train); };
    const auto expected = whole(by_tensors);
    EXPECT_LT(distance(whole(by_weights), expected), 1e-9 * testing::norm(expected)) << spec;
  }
}

}  // namespace
}  // namespace ranklens::optim
