// Sweeps over trains in networks, two cores or one at a time. Sources: White 1992; Holtz, Rohwedder
// and Schneider 2012; Stoudenmire and Schwab 2016.
#include "ranklens/optim/tensor_train/sweep.h"

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_lstsq.h>
#include <ATen/ops/linalg_matrix_norm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ranklens/optim/tensor_train/tangent_point.h"

#include "optim/low_rank/matrices.h"
#include "optim/tensor_train/small_train.h"

namespace ranklens::optim {
namespace {

using testing::Clipped;
using testing::dense_of;
using testing::distance;
using testing::mean_cosine;
using testing::mean_squares;
using testing::norm;
using testing::OfState;
using testing::small_train;
using testing::state_of;
using testing::values;

std::vector<std::int64_t> inner_ranks(const nn::State& state) {
  std::vector<std::int64_t> ranks;
  for (const auto& factor : state.at("w").weight->factors()) {
    ranks.push_back(factor.tensor.size(-1));
  }
  ranks.pop_back();
  return ranks;
}

nn::State swept(const std::string& spec, nn::State state, Objective& objective, int steps) {
  const auto optimiser = make_optimiser(spec);
  for (int k = 0; k < steps; ++k) optimiser->step(state, objective);
  return state;
}

// Forty noisy rows: the least squares of brute force has full rank, and is reached from rank one.
TEST(Dmrg, ReachesLeastSquares) {
  const auto x = values({40, 12}, 1), y = values({40, 12}, 2);
  const auto best = std::get<0>(at::linalg_lstsq(x, y)).t();
  auto objective = mean_squares(x, y);
  const auto state = swept("dmrg(bond=64,cutoff=0,iterations=150,bonds=0,reach=1e6)",
                           state_of(small_train(1, 3)), objective, 6);
  EXPECT_LT(distance(dense_of(state), best), 1e-6 * norm(best));
  const double least = objective.loss(state_of(nn::Weight(best.contiguous())));
  EXPECT_NEAR(objective.loss(state), least, 1e-10);
}

TEST(Dmrg, FindsTheRank) {
  const auto truth = small_train(3, 4);
  const auto x = values({60, 12}, 5);
  auto objective = mean_squares(x, truth->linear(x, {}));
  const auto optimiser =
      make_optimiser("dmrg(bond=12,cutoff=1e-10,iterations=150,bonds=0,reach=1e6)");
  auto state = state_of(small_train(1, 6));
  for (int k = 0; k < 8; ++k) optimiser->step(state, objective);
  EXPECT_THAT(inner_ranks(state), ::testing::ElementsAre(3, 3));
  EXPECT_LT(distance(dense_of(state), truth->dense()), 1e-4 * norm(truth->dense()));
  EXPECT_EQ(optimiser->observed().at("rank/w.0"), 3);
  EXPECT_EQ(optimiser->observed().at("rank/w.1"), 3);
  EXPECT_LT(optimiser->observed().at("cut/w"), 1e-5);
}

// Neither where the largest rank binds, which cuts off what a search found, nor at fixed ranks, nor
// on a loss without a shape; and it goes down.
TEST(Sweep, NoStepRaisesTheLossOfItsBatch) {
  const auto x = values({9, 12}, 7), y = values({9, 12}, 8);
  for (const char* spec :
       {"dmrg(bond=2,cutoff=0,iterations=3,reach=1)", "dmrg(bond=4,cutoff=0,iterations=8,reach=10)",
        "dmrg(bond=2,cutoff=0,iterations=20,bonds=0,reach=1e6)", "als(iterations=3,reach=1)",
        "als(iterations=20,cores=0,reach=1e6)"}) {
    for (auto objective : {mean_squares(x, y), mean_cosine(x)}) {
      const auto optimiser = make_optimiser(spec);
      auto state = state_of(small_train(2, 9));
      const double first = objective.loss(state);
      double last = first;
      for (int k = 0; k < 6; ++k) {
        EXPECT_NEAR(optimiser->step(state, objective), last, 1e-10) << spec;
        const double now = objective.loss(state);
        EXPECT_LE(now, last + 1e-11) << spec << " step " << k;
        last = now;
        for (const auto rank : inner_ranks(state)) {
          EXPECT_LE(rank, std::string(spec).starts_with("dmrg(bond=4") ? 4 : 2) << spec;
        }
      }
      EXPECT_LT(last, first - 0.1 * std::abs(first)) << spec;
    }
  }
}

// What a split cuts off raises the root of a quadratic loss by no more than the largest singular
// value of its design times the norm of what is gone.
TEST(Dmrg, ACutRaisesTheLossByNoMoreThanItsDesignAllows) {
  const auto x = values({30, 12}, 33), y = values({30, 12}, 34);
  auto objective = mean_squares(x, y);
  auto state = state_of(small_train(4, 35));
  const auto layer = train_layers(state).at(0);
  const double steepest = at::linalg_matrix_norm(x, 2).item<double>();
  const auto root_of = [&](const nn::State& at) { return std::sqrt(60 * objective.loss(at)); };
  for (const SweepWindow window : {SweepWindow{0, 2}, SweepWindow{1, 2}}) {
    auto train = layer.train;
    move_centre_to(train, window);
    for (const std::int64_t bond : {1, 2, 3}) {
      const auto cut = put_back(train, window, window_variable(train, window), true, 0, bond);
      nn::State after = state;
      set_cores(after, layer, plain_cores(cut.train));
      const double gone = cut.cut * norm(dense_of(state));
      EXPECT_NEAR(distance(dense_of(after), dense_of(state)), gone, 1e-9 * gone);
      EXPECT_LE(root_of(after), root_of(state) + steepest * gone) << bond;
      EXPECT_GT(steepest * gone, 0);
    }
  }
}

// A bond that begins above the bound keeps its rank until a split to the bound is no worse.
TEST(Dmrg, ComesDownToTheBoundWhereTheLossDoesNotRise) {
  const auto x = values({40, 12}, 30);
  auto objective = mean_squares(x, 1.05 * small_train(4, 32)->linear(x, {}));  // near the start
  for (const char* spec :
       {"dmrg(bond=2,cutoff=0,iterations=2,reach=0.01)", "dmrg(bond=2,iterations=2,reach=0.1)"}) {
    auto state = state_of(small_train(4, 32));
    const auto optimiser = make_optimiser(spec);
    double last = objective.loss(state);
    for (int k = 0; k < 6; ++k) {
      optimiser->step(state, objective);
      const double now = objective.loss(state);
      EXPECT_LE(now, last * (1 + 1e-12)) << spec << " step " << k;
      last = now;
    }
    EXPECT_THAT(inner_ranks(state), ::testing::Contains(::testing::Gt(2))) << spec;
  }
  auto lower = mean_squares(x, small_train(2, 31)->linear(x, {}));
  const auto low = swept("dmrg(bond=2,cutoff=0,iterations=50,bonds=0,reach=1e6)",
                         state_of(small_train(4, 32)), lower, 2);
  EXPECT_THAT(inner_ranks(low), ::testing::ElementsAre(2, 2));
}

// After many iterations the core that was visited solves its own least squares: its gradient is
// none. That of the others is not.
TEST(Als, SolvesOneCoreAtATime) {
  const auto x = values({50, 12}, 10), y = values({50, 12}, 11);
  auto objective = mean_squares(x, y);
  auto state = state_of(small_train(2, 12));
  const auto optimiser = make_optimiser("als(iterations=100,reach=1e6)");
  for (const int core : {0, 1, 2, 1, 0, 1}) {
    optimiser->step(state, objective);
    EXPECT_THAT(inner_ranks(state), ::testing::ElementsAre(2, 2));
    const auto found = objective.loss_and_gradients(state, {});
    for (int k = 0; k < 3; ++k) {
      const double size = norm(found.gradients[static_cast<std::size_t>(k)].tensor);
      if (k == core) {
        EXPECT_LT(size, 1e-6) << core;
      }
    }
    const auto other = core == 1 ? 0U : 1U;
    EXPECT_GT(norm(found.gradients[other].tensor), 1e-6) << core;
  }
}

TEST(Sweep, GoesOnAtTheNextBondAndTurnsAtTheEnds) {
  auto objective = mean_cosine(values({5, 12}, 13));
  const auto places = [&](const char* spec) {
    const auto optimiser = make_optimiser(spec);
    auto state = state_of(small_train(2, 14));
    std::vector<std::int64_t> first;
    for (int k = 0; k < 5; ++k) {
      optimiser->step(state, objective);
      first.push_back(optimiser->save().at("sweep:w/first").item<std::int64_t>());
    }
    return first;
  };
  EXPECT_THAT(places("dmrg"), ::testing::ElementsAre(1, 0, 1, 0, 1));
  EXPECT_THAT(places("als"), ::testing::ElementsAre(1, 2, 1, 0, 1));
  EXPECT_THAT(places("als(cores=2)"), ::testing::ElementsAre(2, 0, 2, 0, 2));
}

// Adam's first step is the learning rate, whatever the gradient; clipped gradients do not deceive
// the search, which takes the same steps with them.
TEST(Sweep, AllOtherTensorsMoveByAdam) {
  const auto x = values({30, 12}, 17), y = values({30, 12}, 18);
  OfState objective([&](const nn::State& state) {
    return (state.at("w").weight->linear(x, state.tensor("b")) - y).square().sum(1).mean() / 2;
  });
  auto state = state_of(small_train(2, 19));
  state.set("b", {.weight = nn::Weight(at::zeros({12}, at::kDouble))});
  const auto before = state.clone();
  for (const char* spec : {"dmrg(lr=0.01)", "als(lr=0.01)"}) {
    auto moved = before.clone(), other = before.clone();
    make_optimiser(spec)->step(moved, objective, 0.5);
    EXPECT_LT((moved.tensor("b").abs() - 0.005).abs().max().item<double>(), 1e-6);
    EXPECT_GT(distance(dense_of(moved), dense_of(before)), 1e-3);
    Clipped clipped(objective);
    objective.evaluations = 0;
    make_optimiser(spec)->step(other, clipped, 0.5);
    EXPECT_TRUE(dense_of(moved).equal(dense_of(other))) << spec;
    EXPECT_LT(distance(moved.tensor("b"), other.tensor("b")), 1e-6) << spec;
  }
}

/// Where only a train moves, evaluated apart and off by a little.
class Narrowing final : public Objective {
 public:
  Narrowing(OfState& whole, OfState& narrow) : whole_(whole), narrow_(narrow) {}
  double loss(const nn::State& state) override { return whole_.loss(state); }
  Gradients loss_and_gradients(const nn::State& state, const Phase& phase) override {
    return whole_.loss_and_gradients(state, phase);
  }
  std::unique_ptr<Objective> where_only_moves(const std::vector<std::string>&,
                                              const nn::State&) override {
    return std::make_unique<OfState>(narrow_);
  }

 private:
  OfState &whole_, &narrow_;
};

// Rounding in what a search starts from would end it, or let it climb, where little is to be won.
TEST(Sweep, TrialsAreComparedWithTheirLike) {
  const auto x = values({30, 12}, 36);
  auto objective = mean_cosine(x);
  OfState shifted([&](const nn::State& state) { return objective.value(state) + 1; });
  for (const char* spec : {"dmrg", "als"}) {
    auto plain = state_of(small_train(2, 37)), apart = plain.clone();
    Narrowing narrowing(objective, shifted);
    const double loss = make_optimiser(spec)->step(plain, objective);
    EXPECT_EQ(make_optimiser(spec)->step(apart, narrowing), loss);
    EXPECT_LT(distance(dense_of(plain), dense_of(apart)), 1e-6) << spec;
    EXPECT_LT(objective.loss(plain), loss);
  }
}

TEST(Sweep, StaysWithinItsReachTimesTheRate) {
  auto objective = mean_squares(values({30, 12}, 20), 100 * values({30, 12}, 21));
  const auto before = state_of(small_train(2, 22));
  const double size = norm(dense_of(before));
  for (const char* spec : {"dmrg(reach=0.05,cutoff=0)", "als(reach=0.05)"}) {
    auto state = before.clone();
    make_optimiser(spec)->step(state, objective, 0.5);
    const double moved = distance(dense_of(state), dense_of(before)) / size;
    EXPECT_LT(moved, 0.025 * (1 + 1e-9)) << spec;
    EXPECT_GT(moved, 0.02) << spec;
  }
}

TEST(Sweep, ATrainOfOneCoreIsTakenAsOne) {
  const auto x = values({40, 12}, 24), y = values({40, 12}, 25);
  const auto best = std::get<0>(at::linalg_lstsq(x, y)).t();
  for (const char* spec : {"dmrg(iterations=60,reach=1e6)", "als(iterations=60,reach=1e6)"}) {
    auto objective = mean_squares(x, y);
    const auto start = nn::Weight(std::make_shared<nn::TTMatrix>(
        nn::Shape{12, 12}, std::vector<at::Tensor>{values({1, 12, 12, 1}, 26)}));
    const auto state = swept(spec, state_of(start), objective, 2);
    EXPECT_LT(distance(dense_of(state), best), 1e-5 * norm(best)) << spec;
  }
}

TEST(Sweep, LeavesEverythingWhereTheLossIsNotFinite) {
  auto state = state_of(small_train(2, 27));
  const auto before = state.clone();
  OfState lost([](const nn::State& at) {
    return at.at("w").weight->dense().sum() * std::numeric_limits<double>::quiet_NaN();
  });
  const auto optimiser = make_optimiser("dmrg");
  EXPECT_TRUE(std::isnan(optimiser->step(state, lost)));
  EXPECT_TRUE(dense_of(state).equal(dense_of(before)));
  EXPECT_TRUE(optimiser->save().empty());
}

}  // namespace
}  // namespace ranklens::optim
