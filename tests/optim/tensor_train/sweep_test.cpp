// Sweeps over trains in networks, two cores or one at a time. Sources: White 1992; Holtz, Rohwedder
// and Schneider 2012; Stoudenmire and Schwab 2016.
#include "ranklens/optim/tensor_train/sweep.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/linalg_lstsq.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ranklens/optim/dmrg/classifier.h"
#include "ranklens/tn/linear/mps_classifier.h"

#include "optim/low_rank/matrices.h"
#include "optim/tensor_train/small_train.h"
#include "testing/expect_error.h"

namespace ranklens::optim {
namespace {

using ranklens::testing::expect_error;
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

TEST(Sweep, SavedInTheMiddleOfASweepGoesOnWithTheSameBits) {
  for (const char* spec : {"dmrg(bond=3)", "als"}) {
    auto objective = mean_cosine(values({5, 12}, 15));
    auto whole = state_of(small_train(2, 16)), halved = whole.clone();
    const auto at_once = make_optimiser(spec);
    for (int k = 0; k < 7; ++k) at_once->step(whole, objective);
    auto optimiser = make_optimiser(spec);
    for (int k = 0; k < 7; ++k) {
      const auto next = make_optimiser(optimiser->spec());
      next->load(optimiser->save());
      next->step(halved, objective);
      optimiser->load(next->save());
    }
    for (std::size_t k = 0; k < 3; ++k) {
      EXPECT_TRUE(whole.at("w").weight->factors()[k].tensor.equal(
          halved.at("w").weight->factors()[k].tensor))
          << spec;
    }
  }
}

// Adam's first step is the learning rate, whatever the gradient; clipped gradients do not deceive
// the search.
TEST(Sweep, AllOtherTensorsMoveByAdam) {
  const auto x = values({30, 12}, 17), y = values({30, 12}, 18);
  OfState objective([&](const nn::State& state) {
    return (state.at("w").weight->linear(x, state.tensor("b")) - y).square().sum(1).mean() / 2;
  });
  auto state = state_of(small_train(2, 19));
  state.set("b", {.weight = nn::Weight(at::zeros({12}, at::kDouble))});
  const auto before = state.clone();
  make_optimiser("dmrg(lr=0.01)")->step(state, objective, 0.5);
  EXPECT_LT((state.tensor("b").abs() - 0.005).abs().max().item<double>(), 1e-6);
  EXPECT_GT(distance(dense_of(state), dense_of(before)), 1e-3);
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

/// Cores of a matrix product state for four sites of two numbers and two classes, the label in the
/// middle.
nn::State product_state() {
  const std::vector<nn::Shape> shapes{{1, 2, 2}, {2, 2, 2}, {2, 2, 2}, {2, 2, 2}, {2, 2, 1}};
  nn::State state;
  for (std::size_t k = 0; k < shapes.size(); ++k) {
    state.set(fmt::format("mps.core.{}", k), {.weight = nn::Weight(values(shapes[k], k))});
  }
  return state;
}

// Enough rank holds every function of the products of features: both end at the least squares in
// all of them, with the same values.
TEST(Dmrg, AgreesWithTheSweepsOfTheClassifier) {
  const auto angle = values({300, 4}, 23);
  const auto labels = (angle > 0).sum(1).remainder(2);
  const auto features = at::stack({angle.cos(), angle.sin()}, -1);
  const auto targets = at::one_hot(labels, 2).to(at::kDouble);
  OfState objective([&](const nn::State& state) {
    std::vector<at::Tensor> cores;
    for (const auto& one : state.tensors()) cores.push_back(one.tensor);
    return (tn::unscaled(tn::mps_classifier(features, cores, 2)) - targets).square().sum(1).mean() /
           2;
  });
  DmrgClassifier trainer(features, labels, 2, 3, {.bond = 8, .cutoff = 0, .iterations = 60});
  for (int k = 0; k < 6; ++k) trainer.sweep();
  const auto state =
      swept("dmrg(bond=8,cutoff=0,iterations=60,bonds=0,reach=1e6)", product_state(), objective, 8);
  auto design = features.select(1, 0);
  for (int k = 1; k < 4; ++k) {
    design = (design.unsqueeze(2) * features.select(1, k).unsqueeze(1)).flatten(1);
  }
  const auto best = at::matmul(design, std::get<0>(at::linalg_lstsq(design, targets)));
  const double least = (best - targets).square().sum(1).mean().item<double>() / 2;
  EXPECT_NEAR(trainer.loss(), least, 1e-7);
  EXPECT_NEAR(objective.loss(state), least, 1e-7);
  std::vector<at::Tensor> cores;
  for (const auto& one : state.tensors()) cores.push_back(one.tensor);
  const auto found = tn::unscaled(tn::mps_classifier(features, cores, 2));
  EXPECT_LT((found - values(trainer.state(), features)).abs().max().item<double>(), 1e-2);
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

TEST(Sweep, SaysWhatIsWrong) {
  nn::State dense;
  dense.set("w", {.weight = nn::Weight(values({12, 12}, 28))});
  auto objective = mean_cosine(values({5, 12}, 29));
  for (const char* spec : {"dmrg", "als", "recanonical_adam"}) {
    const auto optimiser = make_optimiser(spec);
    expect_error([&] { optimiser->step(dense, objective); }, "this network has none");
  }
  const auto refused = [](const char* spec, const char* part) {
    expect_error([&] { make_optimiser(spec); }, part);
  };
  refused("dmrg(bond=0)", "bond");
  refused("dmrg(cutoff=1)", "cutoff");
  refused("dmrg(cutoff=-1)", "cutoff");
  refused("dmrg(iterations=0)", "iterations");
  refused("dmrg(bonds=-1)", "bonds");
  refused("dmrg(cores=1)", "cores");
  refused("dmrg(reach=0)", "reach");
  refused("dmrg(lr=0)", "lr");
  refused("als(bond=4)", "bond");
  refused("als(cutoff=0)", "cutoff");
  refused("als(bonds=1)", "bonds");
  refused("dmgr", "nearest: 'dmrg'");
  const auto optimiser = make_optimiser("als");
  const auto one = at::zeros({}, at::kLong);
  for (const char* name : {"sweep:w/second", "sweep:w", "w/first"}) {
    EXPECT_THROW(optimiser->load({{name, one}}), base::Error) << name;
  }
  EXPECT_THROW(optimiser->load({{"sweep:w/first", one - 1}}), base::Error);
  for (const char* spec : {"dmrg(bond=7,cutoff=0.001,iterations=2,bonds=0,reach=0.5,lr=0.01)",
                           "als(iterations=2,cores=3,reach=0.5,lr=0.01)"}) {
    EXPECT_EQ(make_optimiser(spec)->spec(), spec);
  }
}

}  // namespace
}  // namespace ranklens::optim
