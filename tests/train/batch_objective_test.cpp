#include "ranklens/train/batch_objective.h"

#include <cmath>
#include <vector>

#include <ATen/ops/full.h>
#include <ATen/ops/one_hot.h>
#include <gtest/gtest.h>

#include "ranklens/optim/clip.h"
#include "ranklens/optim/optimiser.h"

#include "testing/close.h"
#include "testing/peak_memory.h"
#include "train/tiny.h"

namespace ranklens::train {
namespace {

using ranklens::testing::close;

data::Batch batch_of_all(const data::Dataset& data) {
  data::Batch batch;
  batch.images = data.images;
  batch.labels = data.labels;
  return batch;
}

// d/dW of the mean cross-entropy of W x: (softmax - one-hot)^T x / n.
TEST(BatchObjective, GradientOfALinearMap) {
  const auto data = tiny_data(20, 1);
  const auto network = linear_network();
  const base::Stream random(1, "dropout");
  BatchObjective objective(network.graph, batch_of_all(data), random, {});
  const auto found = objective.loss_and_gradients(network.state, {});
  const at::Tensor x = data.images.view({20, 64});
  const at::Tensor p = x.matmul(network.state.tensor("head.weight").t()).softmax(1);
  const at::Tensor hot = at::one_hot(data.labels, 3).to(at::kFloat);
  ASSERT_EQ(found.gradients.size(), 1U);
  EXPECT_TRUE(close(found.gradients[0].tensor, p.sub(hot).t().matmul(x).div(20)));
  EXPECT_NEAR(found.loss, p.mul(hot).sum(1).log().mean().neg().item<double>(), 1e-6);
  EXPECT_NEAR(objective.loss(network.state), found.loss, 1e-6);
  const auto correct = p.argmax(1).eq(data.labels).sum().item<std::int64_t>();
  EXPECT_EQ(objective.correct(), correct);
  // A later evaluation in a step, at a state that answers otherwise, is not what it began with.
  auto other = network.state.clone();
  other.set_tensor("head.weight", -other.tensor("head.weight"));
  objective.loss_and_gradients(other, {});
  EXPECT_EQ(objective.correct(), correct);
  BatchObjective apart(network.graph, batch_of_all(data), random, {});
  apart.loss_and_gradients(other, {});
  EXPECT_NE(apart.correct(), correct);
}

// Pieces of unequal size, clipping after they are added up.
TEST(BatchObjective, PiecesAddUp) {
  const auto data = tiny_data(20, 1);
  const auto network = linear_network();
  const base::Stream random(1, "dropout");
  BatchObjective whole(network.graph, batch_of_all(data), random, {});
  BatchObjective pieces(network.graph, batch_of_all(data), random, {.accumulate = 3});
  const auto a = whole.loss_and_gradients(network.state, {});
  const auto b = pieces.loss_and_gradients(network.state, {});
  EXPECT_NEAR(a.loss, b.loss, 1e-6);
  EXPECT_TRUE(close(a.gradients[0].tensor, b.gradients[0].tensor));
  EXPECT_EQ(whole.correct(), pieces.correct());
  BatchObjective clipped(network.graph, batch_of_all(data), random,
                         {.clip_norm = 0.01, .accumulate = 3});
  const auto c = clipped.loss_and_gradients(network.state, {});
  EXPECT_NEAR(optim::global_norm({c.gradients[0].tensor}), 0.01, 1e-6);
}

// A trial point must see the masks of the step, and the next step others.
TEST(BatchObjective, SameMasksWithinAStep) {
  const auto data = tiny_data(20, 1);
  const auto network = tiny_network();
  const base::Stream first(1, "dropout", "", 1), second(1, "dropout", "", 2);
  BatchObjective objective(network.graph, batch_of_all(data), first, {});
  const double loss = objective.loss_and_gradients(network.state, {}).loss;
  EXPECT_EQ(objective.loss_and_gradients(network.state, {}).loss, loss);
  EXPECT_NEAR(objective.loss(network.state), loss, 1e-6);
  BatchObjective other(network.graph, batch_of_all(data), second, {});
  EXPECT_GT(std::abs(other.loss(network.state) - loss), 1e-4);
}

// What is trained with low memory holds less between the passes, and has the same gradients.
TEST(BatchObjective, LowMemoryHoldsLessAndLearnsTheSame) {
  const auto data = tiny_data(200, 1);
  nn::GraphBuilder g;
  auto x = g.input("image", {1, 8, 8});
  x = g.flatten("flat", x);
  x = g.linear("wide", x, {.out = 1024, .weight = "low_rank(r=2)"});
  x = g.linear("train", x, {.out = 1024, .weight = "tt(out=32x32,in=32x32,r=4)"});
  g.linear("head", x, {.out = 3, .weight = "low_rank(r=2)"});
  const auto network = g.build(1);
  const base::Stream random(1, "dropout");
  const auto peak_and_gradients = [&](bool low) {
    BatchObjective objective(network.graph, batch_of_all(data), random,
                             {.execution = {.low_memory = low}});
    objective.loss_and_gradients(network.state, {});  // what is set up once
    const ranklens::testing::PeakMemory memory;
    auto found = objective.loss_and_gradients(network.state, {}).gradients;
    return std::pair(memory.peak(), std::move(found));
  };
  const auto fast = peak_and_gradients(false), low = peak_and_gradients(true);
  EXPECT_LT(low.first, 0.8 * static_cast<double>(fast.first));
  ASSERT_EQ(low.second.size(), fast.second.size());
  for (std::size_t k = 0; k < low.second.size(); ++k)
    EXPECT_TRUE(close(low.second[k].tensor, fast.second[k].tensor, 1e-4, 1e-5)) << k;
}

// Running statistics: those of the whole batch for one piece; moved once for each of two.
TEST(BatchObjective, ReportsRunningStatistics) {
  const auto data = tiny_data(20, 1);
  const auto network = tiny_network();
  const base::Stream random(1, "dropout");
  const auto relu = network.run(data.images, {.want = {"relu"}}).taps.at("relu").detach();
  const at::Tensor means = relu.mean({0, 2, 3});
  BatchObjective whole(network.graph, batch_of_all(data), random, {});
  whole.loss_and_gradients(network.state, {});
  EXPECT_TRUE(close(whole.change().at("norm.running_mean"), means.mul(0.1)));
  BatchObjective halves(network.graph, batch_of_all(data), random, {.accumulate = 2});
  halves.loss_and_gradients(network.state, {});
  const at::Tensor first = relu.narrow(0, 0, 10).mean({0, 2, 3});
  const at::Tensor second = relu.narrow(0, 10, 10).mean({0, 2, 3});
  EXPECT_TRUE(close(halves.change().at("norm.running_mean"), first.mul(0.09).add(second.mul(0.1))));
  EXPECT_TRUE(network.state.tensor("norm.running_mean").eq(0).all().item<bool>());
}

// However often a step evaluates the batch, running statistics move once, to what the last
// evaluation saw.
TEST(BatchObjective, StatisticsMoveOnceAStep) {
  const auto data = tiny_data(20, 1);
  const auto network = tiny_network();
  auto other = network.state.clone();
  other.set_tensor("conv.weight", -other.tensor("conv.weight"));
  const base::Stream random(1, "dropout");
  const auto after = [&](const std::vector<nn::State>& points, std::int64_t pieces) {
    BatchObjective objective(network.graph, batch_of_all(data), random, {.accumulate = pieces});
    for (const auto& point : points) objective.loss_and_gradients(point, {});
    auto state = network.state;
    state.apply(objective.change());
    return state;
  };
  for (const std::int64_t pieces : {1, 2}) {
    const auto once = after({network.state}, pieces);
    EXPECT_FALSE(same_state(once, network.state));
    EXPECT_TRUE(same_state(after({network.state, network.state}, pieces), once));
    EXPECT_TRUE(same_state(after({network.state, other, other}, pieces), once));
    EXPECT_FALSE(same_state(after({other}, pieces), once));
  }
}

// Batch norm and dropout on both sides of the train, a skip connection past it.
nn::Network train_in_the_middle() {
  nn::GraphBuilder g;
  auto x = g.input("image", {1, 8, 8});
  x = g.conv2d("conv", x, {.out = 4, .kernel = 3, .padding = 1});
  x = g.relu("relu", x);
  x = g.batch_norm("norm", x);
  x = g.max_pool2d("pool", x);
  const auto skip = g.flatten("flat", x);
  x = g.dropout("drop", skip, 0.25);
  x = g.linear("train", x, {.out = 64, .weight = "tt(out=4x4x4,in=4x4x4,r=3)"});
  x = g.relu("relu2", g.add("sum", skip, x));
  x = g.dropout("drop2", x, 0.25);
  g.linear("head", x, {.out = 3});
  return g.build(1);
}

// The answers are those of the whole network, also in pieces; what lies before the train is not
// evaluated anew, and nothing that the whole objective remembers moves.
TEST(BatchObjective, NarrowedToOneWeight) {
  const auto data = tiny_data(20, 1);
  const auto network = train_in_the_middle();
  const base::Stream random(1, "dropout");
  for (const std::int64_t pieces : {1, 3}) {
    BatchObjective whole(network.graph, batch_of_all(data), random,
                         {.label_smoothing = 0.1, .accumulate = pieces});
    whole.loss_and_gradients(network.state, {});
    const auto correct = whole.correct();
    const auto change = whole.change();
    const auto narrow = whole.where_only_moves({"train.weight"}, network.state);
    ASSERT_NE(narrow, nullptr);
    auto moved = network.state.clone();
    moved.set_tensor("train.weight.core.1", at::full({3, 4, 4, 3}, 0.2));
    for (const auto& state : {network.state, moved}) {
      EXPECT_NEAR(narrow->loss(state), whole.loss(state), 1e-6);
      const auto a = narrow->loss_and_gradients(state, {"factors"}),
                 b = BatchObjective(network.graph, batch_of_all(data), random,
                                    {.label_smoothing = 0.1, .accumulate = pieces})
                         .loss_and_gradients(state, {"factors"});
      EXPECT_NEAR(a.loss, b.loss, 1e-6);
      ASSERT_EQ(a.gradients.size(), b.gradients.size());
      for (std::size_t k = 0; k < a.gradients.size(); ++k) {
        EXPECT_EQ(a.gradients[k].name, b.gradients[k].name);
        if (a.gradients[k].name.starts_with("train.")) {
          EXPECT_TRUE(close(a.gradients[k].tensor, b.gradients[k].tensor, 1e-4, 1e-6)) << k;
        }
      }
    }
    EXPECT_GT(std::abs(narrow->loss(moved) - narrow->loss(network.state)), 1e-4);
    auto other = network.state.clone();
    other.set_tensor("conv.weight", -other.tensor("conv.weight"));
    EXPECT_EQ(narrow->loss(other), narrow->loss(network.state));
    EXPECT_GT(std::abs(whole.loss(other) - whole.loss(network.state)), 1e-4);
    EXPECT_EQ(whole.correct(), correct);
    for (const auto& [name, tensor] : change) EXPECT_TRUE(whole.change().at(name).equal(tensor));
  }
  BatchObjective whole(network.graph, batch_of_all(data), random, {});
  EXPECT_EQ(whole.where_only_moves({"conv.weight"}, network.state), nullptr);
  EXPECT_EQ(whole.where_only_moves({"nothing"}, network.state), nullptr);
}

/// The same objective for optimisers that ask for nothing narrower.
class Whole final : public optim::Objective {
 public:
  explicit Whole(BatchObjective& objective) : objective_(objective) {}
  double loss(const nn::State& state) override { return objective_.loss(state); }
  optim::Gradients loss_and_gradients(const nn::State& state, const optim::Phase& phase) override {
    ++evaluations;
    return objective_.loss_and_gradients(state, phase);
  }

  int evaluations = 0;

 private:
  BatchObjective& objective_;
};

// The same of a whole step: nothing before the first norm is trained, so that all evaluations see
// the same there.
TEST(BatchObjective, StatisticsMoveOnceInAStepOfSeveralEvaluations) {
  const auto data = tiny_data(20, 1);
  nn::GraphBuilder g;
  auto x = g.input("image", {1, 8, 8});
  x = g.batch_norm("first", x);
  x = g.relu("relu", g.conv2d("conv", x, {.out = 4, .kernel = 3, .padding = 1}));
  x = g.flatten("flat", g.batch_norm("second", x));
  g.linear("head", x, {.out = 3, .weight = "low_rank(r=2)"});
  const auto network = g.build(1);
  const base::Stream random(1, "dropout");
  BatchObjective once(network.graph, batch_of_all(data), random, {});
  once.loss_and_gradients(network.state, {});
  BatchObjective objective(network.graph, batch_of_all(data), random, {});
  Whole counted(objective);
  auto state = network.state.clone();
  optim::make_optimiser("bug(lr=0.05,tau=0.1,s=3)")->step(state, counted);
  EXPECT_EQ(counted.evaluations, 3);
  EXPECT_FALSE(state.tensor("conv.weight").equal(network.state.tensor("conv.weight")));
  EXPECT_TRUE(state.tensor("first.running_mean").equal(network.state.tensor("first.running_mean")));
  state.apply(objective.change());
  // The second one follows a convolution that moves at each evaluation.
  for (const char* name :
       {"first.running_mean", "first.running_var", "second.running_mean", "second.running_var"}) {
    EXPECT_TRUE(state.tensor(name).equal(once.change().at(name))) << name;
  }
  EXPECT_TRUE(close(state.tensor("first.running_mean"), 0.1 * data.images.mean({0, 2, 3})));
}

// A step is the same whether or not the layers before a train are computed once.
TEST(BatchObjective, OptimisersTakeTheSameStepsNarrowed) {
  const auto data = tiny_data(30, 2);
  const auto network = train_in_the_middle();
  const base::Stream random(1, "dropout");
  for (const char* spec : {"dmrg(bond=4,bonds=0)", "als(cores=0)", "tt_psi(lr=0.05)"}) {
    std::vector<nn::State> states;
    for (const bool narrow : {false, true}) {
      auto state = network.state.clone();
      const auto optimiser = optim::make_optimiser(spec);
      for (int step = 0; step < 2; ++step) {
        BatchObjective objective(network.graph, batch_of_all(data), random, {});
        Whole whole(objective);
        if (narrow) {
          optimiser->step(state, objective);
        } else {
          optimiser->step(state, whole);
        }
      }
      states.push_back(std::move(state));
    }
    const auto a = states[0].at("train.weight").weight->dense(),
               b = states[1].at("train.weight").weight->dense();
    EXPECT_TRUE(close(a, b, 1e-3, 1e-4)) << spec;
    EXPECT_FALSE(close(b, network.state.at("train.weight").weight->dense(), 1e-3, 1e-4)) << spec;
    EXPECT_TRUE(close(states[0].tensor("head.weight"), states[1].tensor("head.weight"), 1e-3, 1e-4))
        << spec;
  }
}

}  // namespace
}  // namespace ranklens::train
