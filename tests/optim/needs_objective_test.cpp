// Who evaluates the loss at points that a step finds on its way, or moves weights in factors as a
// whole, takes no step with gradients alone: there is nothing that could be called with them.
#include <concepts>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "ranklens/nn/weights/fixed_rank.h"
#include "ranklens/optim/adam.h"
#include "ranklens/optim/catalogue.h"
#include "ranklens/optim/low_rank/optimiser.h"
#include "ranklens/optim/optimiser.h"
#include "ranklens/optim/sgd.h"
#include "ranklens/optim/tensor_train/recanonical.h"
#include "ranklens/optim/tensor_train/riemannian.h"
#include "ranklens/optim/tensor_train/splitting.h"
#include "ranklens/optim/tensor_train/sweep.h"
#include "ranklens/optim/tensor_train/turning.h"

#include "optim/tensor_train/trains.h"

namespace ranklens::optim {
namespace {

template <class T>
concept TakesGradients =
    std::derived_from<T, GradientOptimiser> ||
    requires(T& one, const std::vector<nn::NamedTensor>& tensors,
             const std::vector<at::Tensor>& gradients) { one.update(tensors, gradients); };

/// With one `step`, that takes an objective: of several, &T::step would be ambiguous.
template <class T>
concept NeedsAnObjective = std::derived_from<T, Optimiser> && !TakesGradients<T> && requires {
  { &T::step } -> std::same_as<double (T::*)(nn::State&, Objective&, double)>;
};

static_assert(NeedsAnObjective<LowRankOptimiser>);
static_assert(NeedsAnObjective<RiemannianOptimiser>);
static_assert(NeedsAnObjective<SplittingOptimiser>);
static_assert(NeedsAnObjective<SweepOptimiser>);
static_assert(NeedsAnObjective<TurningOptimiser>);
static_assert(NeedsAnObjective<RecanonicalAdam>);
static_assert(TakesGradients<Adam> && TakesGradients<Sgd>);
// Whoever holds one without knowing which has no other way either.
static_assert(NeedsAnObjective<Optimiser>);

TEST(NeedsAnObjective, EveryOptimiserButThoseOfAnyTensors) {
  std::set<std::string> take_gradients;
  for (const auto& one : optimiser_catalogue()) {
    const auto made = make_optimiser(one.spec);
    if (dynamic_cast<GradientOptimiser*>(made.get()) != nullptr) take_gradients.insert(one.name);
  }
  EXPECT_EQ(take_gradients, (std::set<std::string>{"adam", "adamw", "sgd"}));
}

/// How often the first step of a spec asks for the loss of a weight, with or without gradients.
int evaluations_of(const std::string& spec, const nn::Weight& weight) {
  int count = 0;
  testing::OfState objective([&](const nn::State& state) {
    ++count;
    const auto y = state.at("w").weight->linear(testing::values({5, 12}, 36), at::Tensor());
    return y.cos().mean();
  });
  auto state = testing::state_of(weight);
  make_optimiser(spec)->step(state, objective);
  return count;
}

// Gradients at one point would not do for these, whatever they were derived from.
TEST(NeedsAnObjective, WhoeverAsksForTheLossAtSeveralPoints) {
  const auto point = testing::low_rank(12, 12, 3, 1);
  const nn::Weight low_rank(
      std::make_shared<nn::FixedRank>(nn::Shape{12, 12}, point.u, point.s, point.v));
  for (const char* spec :
       {"bug(s=2)", "augmented_bug", "fixed_bug", "psi", "abc_psi", "riemannian_cg", "tt_psi",
        "dmrg", "als", "tsgo", "riemannian_sgd(grow=1,every=1)"}) {
    const auto made = make_optimiser(spec);
    const bool moves_trains = dynamic_cast<LowRankOptimiser*>(made.get()) == nullptr;
    EXPECT_GT(evaluations_of(spec, moves_trains ? testing::tt_weight(1) : low_rank), 1) << spec;
    EXPECT_EQ(dynamic_cast<GradientOptimiser*>(made.get()), nullptr) << spec;
  }
  for (const char* spec : {"adam", "adamw", "sgd"}) {
    EXPECT_EQ(evaluations_of(spec, low_rank), 1) << spec;
  }
}

}  // namespace
}  // namespace ranklens::optim
