// Weights in factors beside other tensors: whether a step that is refused leaves both alone,
// whether decay is one and the same for both, and weights that the loss does not depend on.
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <ATen/ops/linspace.h>
#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include "ranklens/nn/weights/tucker.h"
#include "ranklens/optim/optimiser.h"

#include "optim/low_rank/least_squares.h"
#include "testing/expect_error.h"

namespace ranklens::optim {
namespace {

using testing::dense_of;
using testing::distance;
using testing::LeastSquares;
using testing::low_rank;
using testing::noise;
using testing::norm;
using testing::state_with;

const std::vector<std::string> kAllMethods{"bug(tau=1e-9,",
                                           "bug(s=3,tau=1e-9,",
                                           "parallel_bug(tau=1e-9,",
                                           "parallel_bug(tau=1e-9,reject=10,",
                                           "augmented_bug(tau=1e-9,",
                                           "abc_psi(tau=1e-9,",
                                           "fixed_bug(",
                                           "psi(",
                                           "core("};

/// A matrix "w" of rank 3, or a kernel in Tucker form, beside a dense tensor "b".
nn::State with_bias(bool kernel = false) {
  auto state = state_with(low_rank(14, 10, 3, 60));
  if (kernel) {
    const auto part = [](std::int64_t rows, std::int64_t columns, std::uint64_t seed) {
      return testing::basis(rows, columns, seed);
    };
    state.set("w", {.weight = nn::Weight(std::make_shared<nn::Tucker2>(
                        nn::Shape{6, 5, 3, 3}, part(6, 3, 61), noise(6, 9, 62).view({3, 2, 3, 3}),
                        part(5, 2, 63)))});
  }
  state.set("b", {.weight = nn::Weight(at::linspace(1, 2, 14, at::kDouble))});
  return state;
}

/// A number everywhere; its gradient is none of both tensors where `broken`, else that of squares.
class MaybeBroken final : public testing::LossOfWeights {
 public:
  bool broken = false, broken_beside = false;

 private:
  at::Tensor value(const nn::State& state) const override {
    const auto& weight = state.at("w").weight;
    const auto out =
        weight->linear(at::eye(weight->shape()[1], at::kDouble), at::Tensor()) + state.tensor("b");
    const auto loss = broken ? (0 * out).abs().sqrt().sum() : (out - 1).square().sum();
    return broken_beside ? loss + (0 * state.tensor("b")).abs().sqrt().sum() : loss;
  }
};

TEST(BesideOthers, AStepWithoutNumbersLeavesThemAndTheirMemory) {
  for (const auto& method : kAllMethods) {
    for (const char* rule : {"rule=sgd,momentum=0.9", "rule=adam"}) {
      const auto spec = method + "lr=0.01," + rule + ")";
      const auto one = make_optimiser(spec), other = make_optimiser(spec);
      auto state = with_bias(), spared = with_bias();
      MaybeBroken objective;
      const auto both = [&] {
        one->step(state, objective);
        other->step(spared, objective);
      };
      both();
      const auto w = dense_of(state).clone(), b = state.tensor("b").clone();
      // Of all tensors, or of the other one alone.
      for (bool* which : {&objective.broken, &objective.broken_beside}) {
        *which = true;
        EXPECT_TRUE(std::isnan(one->step(state, objective))) << spec;
        EXPECT_TRUE(dense_of(state).equal(w)) << spec;
        EXPECT_TRUE(state.tensor("b").equal(b)) << spec;
        *which = false;
      }
      both();
      EXPECT_TRUE(dense_of(state).equal(dense_of(spared))) << spec;
      EXPECT_TRUE(state.tensor("b").equal(spared.tensor("b"))) << spec;
      EXPECT_FALSE(state.tensor("b").equal(b)) << spec;
    }
  }
}

/// The same everywhere, seen by both tensors.
class Plain final : public testing::LossOfWeights {
  at::Tensor value(const nn::State& state) const override {
    const auto& weight = state.at("w").weight;
    const auto w = weight->shape().size() == 2
                       ? weight->linear(at::eye(weight->shape()[1], at::kDouble), at::Tensor())
                       : weight->conv2d(at::ones({1, 5, 6, 6}, at::kDouble), at::Tensor(), {});
    return 0 * (w.sum() + state.tensor("b").sum());
  }
};

// Without a gradient decay is all there is, by the same factor for every tensor: as often as the
// core makes a step others make one.
TEST(BesideOthers, DecayIsTheSameForAllTensors) {
  for (const bool kernel : {false, true}) {
    for (const auto& method : kAllMethods) {
      if (kernel && method.find("psi") != std::string::npos) continue;
      for (const char* rule : {"rule=sgd", "rule=adam", "rule=adam,moments=entry"}) {
        const auto spec = method + "lr=0.1,weight_decay=0.2," + rule + ")";
        const bool by_entry = std::string(rule).find("entry") != std::string::npos;
        if (by_entry && method.find("bug(s=3") == std::string::npos) continue;
        auto state = with_bias(kernel);
        const auto before = state.clone();
        Plain objective;
        const auto optimiser = make_optimiser(spec);
        for (int k = 0; k < 3; ++k) optimiser->step(state, objective);
        const double others = norm(state.tensor("b")) / norm(before.tensor("b"));
        EXPECT_LT(others, 0.95) << spec;
        // Two parts along the field and one against it: but for the square of the step.
        const bool in_parts = method == "psi(" && std::string(rule) == "rule=sgd";
        const double bound = in_parts ? 2 * std::pow(0.1 * 0.2, 2) * 3 : 1e-12;
        EXPECT_LT(distance(dense_of(state), others * dense_of(before)),
                  bound * norm(dense_of(before)))
            << spec;
      }
    }
  }
}

TEST(BesideOthers, AWeightThatTheLossIgnoresStaysAndDoesNotStandInTheWay) {
  for (const bool kernel : {false, true}) {
    for (const auto& method : kAllMethods) {
      if (kernel && method.find("psi") != std::string::npos) continue;
      for (const char* rule : {"rule=sgd,momentum=0.9", "rule=adam"}) {
        const auto spec = method + "lr=0.05," + rule + ")";
        auto state = state_with(low_rank(14, 10, 3, 4));
        state.set("ignored", state.at("w"));
        if (kernel) state.set("ignored", with_bias(true).at("w"));
        const auto before = state.clone();
        LeastSquares objective(noise(14, 10, 5));
        const auto optimiser = make_optimiser(spec);
        for (int k = 0; k < 2; ++k) ASSERT_NO_THROW(optimiser->step(state, objective)) << spec;
        EXPECT_LT(distance(dense_of(state, "ignored"), dense_of(before, "ignored")), 1e-12) << spec;
        EXPECT_GT(distance(dense_of(state), dense_of(before)), 1e-2) << spec;
      }
    }
  }
}

// The floor comes with steps that widen the bases, the refusal before the first of them.
TEST(BesideOthers, ABudgetBelowTheFloorsIsRefusedBeforeAnythingMoves) {
  auto state = with_bias();
  const auto before = state.clone();
  MaybeBroken objective;
  const auto floors = make_optimiser("bug(tau=0.1,floor=8,budget=150)");  // 8 (14 + 10) = 192
  ranklens::testing::expect_error([&] { floors->step(state, objective); },
                                  "hold 192 numbers, more than the budget of 150");
  EXPECT_TRUE(state.tensor("b").equal(before.tensor("b")));
  // No weight has more ranks than its smaller side.
  EXPECT_TRUE(std::isfinite(
      make_optimiser("bug(tau=0.1,floor=50,cap=50,budget=240)")->step(state, objective)));
  auto kernel = with_bias(true);
  const auto small = make_optimiser("bug(tau=0.1,floor=4,budget=150)");  // 4 (6 + 5) + 9 * 16
  Plain flat;
  ranklens::testing::expect_error([&] { small->step(kernel, flat); }, "hold 188 numbers");
}

}  // namespace
}  // namespace ranklens::optim
