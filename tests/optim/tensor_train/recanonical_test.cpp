#include "ranklens/optim/tensor_train/recanonical.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ranklens/optim/tensor_train/layers.h"
#include "ranklens/optim/tensor_train/recanonical_gauge.h"

#include "optim/low_rank/matrices.h"
#include "optim/tensor_train/small_train.h"
#include "testing/expect_error.h"

namespace ranklens::optim {
namespace {

using ranklens::testing::expect_error;
using testing::dense_of;
using testing::distance;
using testing::mean_cosine;
using testing::norm;
using testing::OfState;
using testing::small_train;
using testing::state_of;
using testing::values;

/// A loss of the whole tensor, and its gradients with respect to cores.
struct Whole {
  at::Tensor weights;

  at::Tensor value(const std::vector<at::Tensor>& cores) const {
    return (weights * (tn::full(tn::TensorTrain{.cores = cores}) * 0.1).sin()).sum();
  }
  std::vector<at::Tensor> gradients(const std::vector<at::Tensor>& cores) const {
    std::vector<at::Tensor> leaves;
    for (const auto& core : cores) leaves.push_back(core.detach().clone().requires_grad_());
    return torch::autograd::grad({value(leaves)}, leaves);
  }
};

/// Modes 3, 2, 4, 3 with ranks r.
std::vector<at::Tensor> cores_of_ranks(const std::vector<std::int64_t>& r, std::uint64_t seed) {
  return {values({1, 3, r[0]}, seed), values({r[0], 2, r[1]}, seed + 1),
          values({r[1], 4, r[2]}, seed + 2), values({r[2], 3, 1}, seed + 3)};
}

TEST(Recanonicalised, IsTheSameTensorWithOrthogonalCores) {
  const auto cores = cores_of_ranks({2, 4, 3}, 1);
  const auto whole = tn::full(tn::TensorTrain{.cores = cores});
  const auto found = recanonicalised({.cores = cores, .gradients = {}}).cores;
  EXPECT_LT(distance(tn::full(tn::TensorTrain{.cores = found}), whole), 1e-12 * norm(whole));
  const double factor = std::pow(norm(whole), 0.25);
  for (const std::size_t k : {0U, 1U, 3U}) {
    const auto matrix = k < 2 ? found[k].flatten(0, 1) : found[k].flatten(1).t();
    EXPECT_LT(distance(at::matmul(matrix.t(), matrix) / (factor * factor),
                       at::eye(matrix.size(1), matrix.options())),
              1e-12)
        << k;
  }
  EXPECT_NEAR(norm(found[2]), factor, 1e-12 * factor);
}

// Gradients carried along are what differentiating at the new cores gives; also where ranks were
// more than the modes allow.
TEST(Recanonicalised, CarriesGradients) {
  const Whole loss{values({3, 2, 4, 3}, 10)};
  for (const auto& ranks :
       {std::vector<std::int64_t>{2, 4, 3}, std::vector<std::int64_t>{5, 4, 6}}) {
    const auto cores = cores_of_ranks(ranks, 11);
    const auto found = recanonicalised({.cores = cores, .gradients = loss.gradients(cores)});
    const auto expected = loss.gradients(found.cores);
    for (std::size_t k = 0; k < 4; ++k) {
      EXPECT_EQ(found.gradients[k].sizes(), found.cores[k].sizes());
      EXPECT_LT(distance(found.gradients[k], expected[k]), 1e-9 * norm(expected[k])) << k;
    }
  }
}

TEST(Recanonicalised, LeavesWhatIsOrthogonalAlready) {
  const Whole loss{values({3, 2, 4, 3}, 12)};
  const auto once = recanonicalised({.cores = cores_of_ranks({2, 4, 3}, 13), .gradients = {}});
  const auto gradients = loss.gradients(once.cores);
  const auto twice = recanonicalised({.cores = once.cores, .gradients = gradients});
  for (std::size_t k = 0; k < 4; ++k) {
    EXPECT_LT(distance(twice.cores[k], once.cores[k]), 1e-12 * norm(once.cores[k]));
    EXPECT_LT(distance(twice.gradients[k], gradients[k]), 1e-10 * norm(gradients[k]));
  }
}

TEST(RecanonicalAdam, IsAdamUntilTheGaugeIsRenewed) {
  auto objective = mean_cosine(values({5, 12}, 14));
  auto state = state_of(small_train(2, 15));
  auto plain = state.clone();
  const auto layer = train_layers(plain).at(0);
  set_cores(plain, layer, recanonicalised({.cores = layer.train.cores, .gradients = {}}).cores);
  const auto one = make_optimiser("recanonical_adam(lr=0.02,every=6)"),
             other = make_optimiser("adam(lr=0.02)");
  for (int k = 0; k < 6; ++k) {
    one->step(state, objective);
    other->step(plain, objective);
    for (std::size_t core = 0; core < 3; ++core) {
      EXPECT_LT(distance(state.at("w").weight->factors()[core].tensor,
                         plain.at("w").weight->factors()[core].tensor),
                1e-10)
          << k;
    }
  }
  one->step(state, objective);
  other->step(plain, objective);
  EXPECT_GT(distance(dense_of(state), dense_of(plain)), 1e-4);
}

/// Gradients that have nothing to do with each other.
class Noise final : public Objective {
 public:
  double loss(const nn::State&) override { return 1; }
  Gradients loss_and_gradients(const nn::State& state, const Phase&) override {
    Gradients found;
    for (const auto& one : state.trainable()) {
      const auto size = std::pow(10., static_cast<double>(seed_ % 4) - 2);
      found.gradients.push_back({one.name, size * values(one.tensor.sizes(), ++seed_)});
    }
    return found;
  }

 private:
  std::uint64_t seed_ = 100;
};

// A mean that is carried over squares that begin anew: without its own square among them, a small
// gradient after large ones would make a step of any length. The bound is Cauchy and Schwarz's.
TEST(RecanonicalAdam, NoStepIsMuchLongerThanTheLearningRate) {
  Noise objective;
  const auto optimiser = make_optimiser("recanonical_adam(lr=0.01,every=1)");
  auto state = state_of(small_train(2, 16));
  for (int k = 0; k < 30; ++k) {
    const auto before =
        recanonicalised({.cores = train_layers(state).at(0).train.cores, .gradients = {}}).cores;
    optimiser->step(state, objective);
    const auto after = train_layers(state).at(0).train.cores;
    for (std::size_t core = 0; core < 3; ++core) {
      const double moved = (after[core] - before[core]).abs().max().item<double>();
      EXPECT_LT(moved, 0.01 * std::sqrt(2.01)) << k;
      EXPECT_GT(moved, 1e-4);
    }
  }
}

TEST(RecanonicalAdam, SaysWhatIsWrong) {
  const auto refused = [](const char* spec, const char* part) {
    expect_error([&] { make_optimiser(spec); }, part);
  };
  refused("recanonical_adam(every=0)", "every");
  refused("recanonical_adam(lr=0)", "lr");
  refused("recanonical_adam(beta1=1)", "beta1");
  refused("recanonical_adam(tau=1)", "tau");
  refused("recanonical_adm", "nearest: 'recanonical_adam'");
  const auto optimiser = make_optimiser("recanonical_adam");
  const auto core = at::zeros({1, 2, 1});
  EXPECT_THROW(optimiser->load({{"train:w/first.0", core}}), base::Error);
  EXPECT_THROW(optimiser->load({{"train:w/third.0", core}}), base::Error);
  EXPECT_THROW(optimiser->load({{"train:w/first.x", core}}), base::Error);
  EXPECT_THROW(optimiser->load({{"train:w/steps", core}}), base::Error);
}

}  // namespace
}  // namespace ranklens::optim
