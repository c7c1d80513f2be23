// Matrix product states under the optimisers of trains: short ones against closed forms, and the
// network of hundreds of sites, whose norm leaves the range of single precision.
#include <cmath>
#include <string>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/linalg_lstsq.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ranklens/nn/zoo/zoo.h"
#include "ranklens/optim/dmrg/classifier.h"
#include "ranklens/optim/optimiser.h"
#include "ranklens/optim/tensor_train/tangent_point.h"
#include "ranklens/tn/linear/mps_classifier.h"

#include "optim/tensor_train/trains.h"

namespace ranklens::optim {
namespace {

using testing::distance;
using testing::norm;
using testing::OfState;
using testing::values;

/// Cores of a matrix product state, each an entry of its own.
nn::State state_of_cores(const std::vector<at::Tensor>& cores) {
  nn::State state;
  for (std::size_t k = 0; k < cores.size(); ++k) {
    state.set(fmt::format("mps.core.{}", k), {.weight = nn::Weight(cores[k])});
  }
  return state;
}

std::vector<at::Tensor> cores_of(const nn::State& state) {
  std::vector<at::Tensor> cores;
  for (const auto& one : state.tensors()) cores.push_back(one.tensor);
  return cores;
}

at::Tensor whole_of(const nn::State& state) {
  return tn::full(tn::TensorTrain{.cores = cores_of(state)});
}

/// Modes 3, 2, 4, 3 and ranks 2, 4, 3.
std::vector<at::Tensor> short_cores(std::uint64_t seed) {
  return {values({1, 3, 2}, seed), values({2, 2, 4}, seed + 1), values({4, 4, 3}, seed + 2),
          values({3, 3, 1}, seed + 3)};
}

/// A loss of the tensor divided by `scale`.
OfState loss_of_share(double scale) {
  return OfState([scale, weights = values({3, 2, 4, 3}, 90)](const nn::State& state) {
    return (weights * (whole_of(state) * (0.05 / scale)).sin()).sum();
  });
}

// Of another scale and its loss with it: the same steps.
TEST(ProductState, StepsDoNotDependOnTheScale) {
  constexpr double each = 50, all = each * each * each * each;
  for (const char* spec :
       {"riemannian_sgd(lr=0.01,momentum=0.5)", "riemannian_sgd(lr=0.01,grow=1,tau=0.05,every=2)",
        "riemannian_adam(lr=0.01)", "riemannian_cg(lr=0.01)", "tt_psi(lr=0.01)", "tsgo(theta=5deg)",
        "dmrg(bond=4)", "als"}) {
    auto small = state_of_cores(short_cores(1)), large = state_of_cores(short_cores(1));
    for (int k = 0; k < 4; ++k) {
      const auto name = fmt::format("mps.core.{}", k);
      large.replace(name, nn::Weight(each * large.tensor(name)));
    }
    const auto start = whole_of(small);
    auto of_small = loss_of_share(1), of_large = loss_of_share(all);
    const auto one = make_optimiser(spec), other = make_optimiser(spec);
    for (int k = 0; k < 5; ++k) {
      one->step(small, of_small);
      other->step(large, of_large);
      EXPECT_LT(distance(whole_of(small), whole_of(large) / all), 1e-8 * norm(start)) << spec;
    }
    EXPECT_GT(distance(whole_of(small), start), 1e-3 * norm(start)) << spec;
  }
}

// A step in units of the norm is the plain one of a rate that is its square times as large.
TEST(ProductState, AStepIsThePlainOneTimesTheSquaredNorm) {
  auto state = state_of_cores(short_cores(5));
  auto objective = loss_of_share(1);
  const auto layer = train_layers(state).at(0);
  const auto space = space_at(layer.train);
  const auto leaf = whole_of(state).detach().clone().requires_grad_();
  const auto loss = (values({3, 2, 4, 3}, 90) * (leaf * 0.05).sin()).sum();
  const auto gradient = tn::project(space, torch::autograd::grad({loss}, {leaf})[0]);
  const double length = std::pow(norm(leaf.detach()), 2);
  const auto expected = tn::full(tn::retract(space, gradient, -1e-3 * length).train);
  const auto start = whole_of(state);
  make_optimiser("riemannian_sgd(lr=1e-3)")->step(state, objective);
  EXPECT_LT(distance(whole_of(state), expected), 1e-11 * norm(start));
  EXPECT_GT(distance(whole_of(state), start), 1e-3 * norm(start));
}

// Enough rank holds every function of the products of features: both end at the least squares in
// all of them, with the same values.
TEST(Dmrg, AgreesWithTheSweepsOfTheClassifier) {
  const auto angle = values({300, 4}, 23);
  const auto labels = (angle > 0).sum(1).remainder(2);
  const auto features = at::stack({angle.cos(), angle.sin()}, -1);
  const auto targets = at::one_hot(labels, 2).to(at::kDouble);
  OfState objective([&](const nn::State& state) {
    const auto found = tn::unscaled(tn::mps_classifier(features, cores_of(state), 2));
    return (found - targets).square().sum(1).mean() / 2;
  });
  DmrgClassifier trainer(features, labels, 2, 3, {.bond = 8, .cutoff = 0, .iterations = 60});
  for (int k = 0; k < 6; ++k) trainer.sweep();
  auto state =
      state_of_cores({values({1, 2, 2}, 0), values({2, 2, 2}, 1), values({2, 2, 2}, 2),
                      values({2, 2, 2}, 3), values({2, 2, 1}, 4)});  // the label in the middle
  const auto sweeps = make_optimiser("dmrg(bond=8,cutoff=0,iterations=60,bonds=0,reach=1e6)");
  for (int k = 0; k < 8; ++k) sweeps->step(state, objective);
  auto design = features.select(1, 0);
  for (int k = 1; k < 4; ++k) {
    design = (design.unsqueeze(2) * features.select(1, k).unsqueeze(1)).flatten(1);
  }
  const auto best = at::matmul(design, std::get<0>(at::linalg_lstsq(design, targets)));
  const double least = (best - targets).square().sum(1).mean().item<double>() / 2;
  EXPECT_NEAR(trainer.loss(), least, 1e-7);
  EXPECT_NEAR(objective.loss(state), least, 1e-7);
  const auto found = tn::unscaled(tn::mps_classifier(features, cores_of(state), 2));
  EXPECT_LT((found - values(trainer.state(), features)).abs().max().item<double>(), 1e-2);
}

/// Images of which one half is bright, the left and the right one in turn.
struct Halves {
  at::Tensor images, labels;
};

Halves halves(std::int64_t count, std::int64_t size) {
  base::Stream stream(3, "noise", "halves");
  const auto images = stream.uniform({count, 1, size, size}, 0, 0.2, at::kFloat);
  std::vector<std::int64_t> labels;
  for (std::int64_t n = 0; n < count; ++n) {
    labels.push_back(n % 2);
    images.select(0, n).narrow(2, labels.back() * (size / 2), size / 2).add_(0.7);
  }
  return {images, at::tensor(labels)};
}

nn::Network classifier_of(std::int64_t size, std::int64_t bond) {
  return nn::zoo::mps_classifier({.size = size, .classes = 2, .width = bond, .seed = 4});
}

testing::OfNetwork cross_entropy(const nn::Graph& graph, const Halves& data) {
  return testing::OfNetwork([graph, data](const nn::State& state) {
    return at::cross_entropy_loss(nn::run(graph, state, {data.images}).output(), data.labels);
  });
}

struct Trial {
  std::string spec;
  int steps = 0;  ///< after which its loss is far below that of the start
};

const std::vector<Trial>& trials() {
  static const std::vector<Trial> all{{"riemannian_sgd(lr=3e-3)", 2},
                                      {"riemannian_sgd(lr=3e-3,momentum=0.5)", 2},
                                      {"riemannian_cg(lr=0.01)", 2},
                                      {"riemannian_adam(lr=1e-3)", 2},
                                      {"riemannian_adam(lr=1e-3,grow=1,tau=1e-3,every=2)", 2},
                                      {"tt_psi(lr=3e-3)", 1},
                                      {"recanonical_adam(lr=3e-3)", 3},
                                      {"dmrg(bond=6,bonds=10)", 1},
                                      {"als(cores=10)", 1},
                                      {"tsgo(theta=10deg)", 4}};
  return all;
}

// 196 sites and the label, of a norm of about 2^98.
TEST(ProductState, EveryMethodTrainsTheClassifierOfDigits) {
  const auto network = classifier_of(28, 6);
  const auto data = halves(10, 28);
  for (const auto& [spec, steps] : trials()) {
    auto objective = cross_entropy(network.graph, data);
    auto state = network.state.clone();
    const double first = objective.loss(state);
    const auto optimiser = make_optimiser(spec);
    for (int k = 0; k < steps; ++k) ASSERT_TRUE(std::isfinite(optimiser->step(state, objective)));
    EXPECT_LT(objective.loss(state), 0.6 * first) << spec;
    const auto observed = optimiser->observed();
    if (const auto log_norm = observed.find("log_norm/mps"); log_norm != observed.end()) {
      EXPECT_NEAR(log_norm->second, 98 * std::log(2.0), 20) << spec;
    }
  }
}

// 400 sites: a norm of 2^200 is no number in single precision.
TEST(ProductState, LargeImagesStayFinite) {
  const auto network = classifier_of(40, 3);
  const auto data = halves(4, 40);
  for (const auto& trial : trials()) {
    auto objective = cross_entropy(network.graph, data);
    auto state = network.state.clone();
    const double first = objective.loss(state);
    const auto optimiser = make_optimiser(trial.spec);
    ASSERT_TRUE(std::isfinite(optimiser->step(state, objective))) << trial.spec;
    EXPECT_LT(objective.loss(state), first) << trial.spec;
    for (const auto& core : cores_of(state)) {
      EXPECT_LT(core.abs().max().item<double>(), 100) << trial.spec;
    }
  }
}

}  // namespace
}  // namespace ranklens::optim
