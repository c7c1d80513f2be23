// Gradients that are no numbers where the loss still is one, as at a square root of zero: a step of
// any optimiser of trains says so, and leaves the network and what it remembers of it to the bit.
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include "ranklens/optim/optimiser.h"
#include "ranklens/optim/tensor_train/gradients.h"

#include "optim/tensor_train/trains.h"

namespace ranklens::optim {
namespace {

using testing::OfState;
using testing::tt_weight;
using testing::values;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// Where a loss has no derivative.
struct Kink {
  std::string of = {};    ///< an entry; none: nowhere
  int evaluation = 1;     ///< of a step
  bool infinite = false;  ///< gradients are infinite, else NaN
};

/// Smooth but for the kink, whose value is zero. Count `evaluations` anew where one is put.
class WithKink final : public OfState {
 public:
  WithKink() : OfState([this](const nn::State& state) { return loss_at(state); }) {}

  Kink kink = {};

 private:
  at::Tensor loss_at(const nn::State& state) const {
    const auto y = state.at("w").weight->linear(x_, {});
    const auto z = state.at("v").weight->linear(y.sin(), {}) + state.tensor("b");
    auto smooth = z.cos().mean();
    if (kink.of.empty() || evaluations != kink.evaluation) return smooth;
    const auto part = kink.of == "b" ? state.tensor("b") : state.at(kink.of).weight->linear(x_, {});
    const auto zeros = kink.infinite ? part - part.detach() : (0 * part).abs();
    return smooth + zeros.sqrt().sum();
  }

  at::Tensor x_ = values({5, 12}, 80);
};

/// Two trains, one of them of one core, and a dense tensor.
nn::State two_trains_and_a_tensor() {
  nn::State state = testing::state_of(tt_weight(81));
  std::vector<at::Tensor> core{0.3 * values({1, 12, 12, 1}, 84)};
  state.set(
      "v",
      {.weight = nn::Weight(std::make_shared<nn::TTMatrix>(nn::Shape{12, 12}, std::move(core)))});
  state.set("b", {.weight = nn::Weight(values({12}, 85))});
  return state.clone();
}

void expect_same_bits(const nn::State& one, const nn::State& other) {
  const auto first = one.tensors(), second = other.tensors();
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t k = 0; k < first.size(); ++k) {
    EXPECT_EQ(first[k].name, second[k].name);
    EXPECT_TRUE(first[k].tensor.equal(second[k].tensor)) << first[k].name;
  }
}

void expect_same_memory(const Optimiser& one, const Optimiser& other) {
  const auto first = one.save(), second = other.save();
  EXPECT_EQ(first.size(), second.size());
  for (const auto& [name, tensor] : first) {
    ASSERT_TRUE(second.contains(name)) << name;
    EXPECT_TRUE(tensor.equal(second.at(name))) << name;
  }
  EXPECT_EQ(one.observed(), other.observed());
}

/// Two good steps, one with a kink, and two good ones, beside an optimiser that never saw the kink.
void expect_refused(const std::string& spec, const Kink& kink) {
  SCOPED_TRACE(spec + ", " + kink.of + (kink.infinite ? " infinite" : " NaN") + " in evaluation " +
               std::to_string(kink.evaluation));
  WithKink objective;
  auto state = two_trains_and_a_tensor(), spared = two_trains_and_a_tensor();
  const auto optimiser = make_optimiser(spec), other = make_optimiser(spec);
  const auto both_step_twice = [&] {
    for (int k = 0; k < 2; ++k) {
      EXPECT_TRUE(std::isfinite(optimiser->step(state, objective)));
      EXPECT_TRUE(std::isfinite(other->step(spared, objective)));
    }
  };
  both_step_twice();
  objective.evaluations = 0;
  objective.kink = kink;
  EXPECT_TRUE(std::isnan(optimiser->step(state, objective)));
  EXPECT_GE(objective.evaluations, kink.evaluation);  // or it was not met
  objective.kink = {};
  expect_same_bits(state, spared);
  expect_same_memory(*optimiser, *other);
  both_step_twice();
  expect_same_bits(state, spared);
  expect_same_memory(*optimiser, *other);
}

// With every=3 ranks change in the step that meets the kink.
TEST(NoNumbers, InTheGradientOfAnyTensorEndAStepOfAnyOptimiser) {
  for (const char* spec :
       {"riemannian_sgd(lr=0.1,momentum=0.5,weight_decay=0.1)", "riemannian_cg(lr=0.1)",
        "riemannian_adam(lr=0.05)", "riemannian_sgd(lr=0.1,momentum=0.5,grow=1,tau=0.001,every=3)",
        "riemannian_cg(lr=0.1,grow=1,tau=0.001,every=3)",
        "riemannian_adam(lr=0.05,grow=1,tau=0.001,every=3)", "tt_psi(lr=0.1,momentum=0.5)",
        "tsgo(theta=5deg)", "tsgo(theta=5deg,shrink=1)", "dmrg(bond=4)", "dmrg(bond=4,bonds=0)",
        "als", "recanonical_adam(every=2)"}) {
    for (const char* entry : {"w", "v", "b"}) {
      for (const bool infinite : {false, true})
        expect_refused(spec, {.of = entry, .infinite = infinite});
    }
  }
}

// Of the five parts of a step of splitting the last is followed by no evaluation that would notice.
TEST(NoNumbers, InLaterEvaluationsEndAStepToo) {
  for (int evaluation = 2; evaluation <= 5; ++evaluation)
    expect_refused("tt_psi(lr=0.1,momentum=0.5)", {.of = "w", .evaluation = evaluation});
  for (const std::string method : {"riemannian_sgd", "riemannian_cg", "riemannian_adam"}) {
    for (const int evaluation : {2, 3})
      expect_refused(method + "(lr=0.05,grow=1,tau=0.001,every=3)",
                     {.of = "w", .evaluation = evaluation});
  }
}

// Adam divides by what gradients were: without eps nothing moves where they were all zero, and what
// comes next does.
TEST(NoNumbers, DoNotComeOfZeroGradientsWithoutEps) {
  OfState flat([](const nn::State& state) { return (0 * testing::dense_of(state)).sum(); });
  auto some_inputs = values({5, 12}, 87);
  some_inputs.narrow(1, 0, 6).zero_();  // half of the first core's entries have no gradient
  testing::OneWeight sloped(some_inputs);
  for (const char* spec :
       {"riemannian_adam(lr=0.05,eps=0)", "recanonical_adam(lr=0.05,eps=0,every=2)"}) {
    auto state = testing::state_of(tt_weight(88));
    const auto before = testing::dense_of(state);
    const auto optimiser = make_optimiser(spec);
    for (int k = 0; k < 3; ++k) EXPECT_EQ(optimiser->step(state, flat), 0) << spec;
    EXPECT_LT(testing::distance(testing::dense_of(state), before), 1e-11) << spec;
    for (int k = 0; k < 3; ++k) EXPECT_TRUE(std::isfinite(optimiser->step(state, sloped))) << spec;
    const double moved = testing::distance(testing::dense_of(state), before);
    EXPECT_TRUE(std::isfinite(moved)) << spec;
    EXPECT_GT(moved, 0.01) << spec;
  }
}

TEST(NoNumbers, AreFoundWhereverTheyAre) {
  const auto whole = [] { return values({7, 30}, 86); };
  EXPECT_TRUE(are_finite({}));
  EXPECT_TRUE(are_finite(
      {at::Tensor(), at::full({0, 3}, kNone), whole(), at::full({}, 1e300, at::kDouble)}));
  for (const double bad :
       {kNone, std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()}) {
    for (const auto& [row, column] : {std::pair{0, 0}, std::pair{3, 17}, std::pair{6, 29}}) {
      auto one = whole();
      one[row][column] = bad;
      EXPECT_FALSE(are_finite({whole(), one})) << bad << " at " << row << ", " << column;
      EXPECT_FALSE(are_finite({one.t().to(at::kFloat), whole()}));
    }
  }
}

}  // namespace
}  // namespace ranklens::optim
