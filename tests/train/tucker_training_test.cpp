// Dynamical low-rank training of convolutions in Tucker form within a network.
#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "ranklens/nn/weights/tucker.h"
#include "ranklens/optim/low_rank/optimiser.h"
#include "ranklens/optim/optimiser.h"
#include "ranklens/train/batch_objective.h"

#include "testing/expect_error.h"
#include "train/tiny.h"

namespace ranklens::train {
namespace {

/// A kernel [6, 5, 3, 3] named "t" between a dense convolution and a dense head.
nn::Network tucker_network(const std::string& weight, std::int64_t stride = 1) {
  nn::GraphBuilder g;
  auto x = g.input("image", {1, 8, 8});
  x = g.relu("relu", g.conv2d("first", x, {.out = 5, .kernel = 3, .padding = 1}));
  x = g.conv2d("t", x, {.out = 6, .kernel = 3, .stride = stride, .padding = 1, .weight = weight});
  x = g.flatten("flat", g.relu("relu_t", x));
  g.linear("head", x, {.out = 3});
  return g.build(11);
}

/// An objective, and the most that clipping left of its gradients.
class Watched final : public optim::Objective {
 public:
  Watched(optim::Objective& inner, double& most) : inner_(inner), most_(most) {}
  double loss(const nn::State& state) override { return inner_.loss(state); }
  optim::Gradients loss_and_gradients(const nn::State& state, const optim::Phase& phase) override {
    auto found = inner_.loss_and_gradients(state, phase);
    most_ = std::max(most_, found.scale);
    return found;
  }

 private:
  optim::Objective& inner_;
  double& most_;
};

nn::State trained(optim::Optimiser& optimiser, const nn::Graph& graph, const nn::State& start,
                  int steps, int first = 0, const ObjectiveOptions& options = {},
                  double* most_left = nullptr) {
  double left = 0;
  const auto data = tiny_data(40, 12);
  data::Batch batch;
  batch.images = data.images, batch.labels = data.labels;
  nn::State state = start.clone();
  for (int step = first; step < first + steps; ++step) {
    BatchObjective objective(
        graph, batch, base::Stream(1, "dropout", "", static_cast<std::uint64_t>(step)), options);
    Watched watched(objective, most_left != nullptr ? *most_left : left);
    EXPECT_TRUE(std::isfinite(optimiser.step(state, watched)));
  }
  return state;
}

std::pair<std::int64_t, std::int64_t> ranks_of(const nn::State& state) {
  const auto factors = state.at("t.weight").weight->factors();
  return {factors[0].tensor.size(1), factors[2].tensor.size(1)};
}

double apart(const nn::State& one, const nn::State& other) {
  double most = 0;
  for (const auto& name : one.names()) {
    const auto a = one.at(name).weight->dense(), b = other.at(name).weight->dense();
    most = std::max(most, (a - b).abs().max().item<double>());
  }
  return most;
}

/// The network of a state with the kernel "t" as a dense tensor.
nn::State with_dense_kernel(nn::State state) {
  state.replace("t.weight", nn::Weight(state.at("t.weight").weight->dense()));
  return state;
}

// With whole bases all of them are dense SGD, its momentum, decay and clipping among it: what bases
// do from step to step must not show.
TEST(TuckerTraining, IsDenseTrainingAtFullRanks) {
  const auto network = tucker_network("tucker(r=6x5)", 2);
  const auto dense = with_dense_kernel(network.state);
  for (const double clip : {0.0, 0.05}) {
    for (const char* rule : {"momentum=0", "momentum=0.9", "momentum=0,weight_decay=0.05",
                             "momentum=0.9,weight_decay=0.05"}) {
      const auto sgd = optim::make_optimiser(std::string("sgd(lr=0.2,") + rule + ")");
      double most_left = 0;
      const auto expected =
          trained(*sgd, network.graph, dense, 4, 0, {.clip_norm = clip}, &most_left);
      EXPECT_GT(apart(expected, dense), clip > 0 ? 5e-3 : 2e-2);
      EXPECT_LT(most_left, clip > 0 ? 0.6 : 1.1) << "the bound is to bind in every step";
      for (const std::string method : {"bug(tau=1e-6,", "augmented_bug(tau=1e-6,",
                                       "parallel_bug(tau=1e-6,", "fixed_bug(", "core("}) {
        const auto low = optim::make_optimiser(method + "lr=0.2,rule=sgd," + rule + ")");
        const auto found = trained(*low, network.graph, network.state, 4, 0, {.clip_norm = clip});
        EXPECT_LT(apart(found, expected), 2e-5) << method << rule << ' ' << clip;
      }
    }
  }
}

// A kernel as the matrix [6, 45] of rank 6: the tangent space holds every gradient, so momentum
// that is a tangent vector loses nothing.
TEST(LowRankTraining, IsDenseTrainingAtFullRank) {
  const auto network = tucker_network("low_rank(r=6)", 2);
  const auto dense = with_dense_kernel(network.state);
  for (const char* rule :
       {"momentum=0,weight_decay=0.05", "momentum=0.9", "momentum=0.9,weight_decay=0.05"}) {
    const auto sgd = optim::make_optimiser(std::string("sgd(lr=0.2,") + rule + ")");
    double most_left = 0;
    const auto expected =
        trained(*sgd, network.graph, dense, 4, 0, {.clip_norm = 0.05}, &most_left);
    EXPECT_GT(apart(expected, dense), 5e-3);
    EXPECT_LT(most_left, 0.5);
    for (const std::string method : {"bug", "augmented_bug", "parallel_bug"}) {
      const auto low = optim::make_optimiser(method + "(tau=1e-6,lr=0.2,rule=sgd," + rule + ")");
      const auto found = trained(*low, network.graph, network.state, 4, 0, {.clip_norm = 0.05});
      EXPECT_LT(apart(found, expected), 2e-5) << method << rule;
    }
  }
}

TEST(TuckerTraining, RanksOfTheModesAreFound) {
  const auto small = tucker_network("tucker(r=1x1)");
  const auto grow = optim::make_optimiser("bug(lr=1e-2,tau=0.05,s=4,floor=1)");
  const auto grown = trained(*grow, small.graph, small.state, 20);
  const auto [p, q] = ranks_of(grown);
  EXPECT_GT(p, 1);
  EXPECT_GT(q, 1);
  EXPECT_EQ(grow->observed().at("rank/t.weight.out"), static_cast<double>(p));
  EXPECT_EQ(grow->observed().at("rank/t.weight.in"), static_cast<double>(q));
  EXPECT_LE(grow->observed().at("cut/t.weight"), 0.05);
  EXPECT_LT(grow->observed().at("drift/t.weight"), 1e-5);

  const auto large = tucker_network("tucker(r=6x5)");
  const auto shrink = optim::make_optimiser("parallel_bug(lr=1e-3,tau=0.6)");
  const auto shrunk = ranks_of(trained(*shrink, large.graph, large.state, 10));
  EXPECT_LT(shrunk.first, 6);
  EXPECT_LT(shrunk.second, 5);
}

TEST(TuckerTraining, RanksKeepToCapsBudgetsAndSchedules) {
  const auto network = tucker_network("tucker(r=4x4)");
  const auto after = [&](const char* spec) {
    const auto made = optim::make_optimiser(spec);
    return ranks_of(trained(*made, network.graph, network.state, 6));
  };
  using Ranks = std::pair<std::int64_t, std::int64_t>;
  const auto free = after("bug(lr=1e-2,tau=0.001,s=2)");
  EXPECT_EQ(free, Ranks(6, 5));
  EXPECT_EQ(after("bug(lr=1e-2,tau=0.001,s=2,cap=3)"), Ranks(3, 3));
  EXPECT_EQ(after("bug(lr=1e-2,tau=0.001,s=2,layers=t:0.001:3)"), Ranks(3, 3));
  EXPECT_EQ(after("bug(lr=1e-2,tau=0.9,s=2,floor=3)"), Ranks(3, 3));
  const char* rising = "bug(lr=1e-2,tau=0.001,s=2,tau_end=0.9,over=6)";
  EXPECT_LT(after(rising).first, 6);
  EXPECT_EQ(after("bug(lr=1e-2,tau=0.001,s=2,tau_end=0.9,over=6,hold=1)"), Ranks(6, 5));
  EXPECT_EQ(after("fixed_bug(lr=1e-2)"), Ranks(4, 4));
  const auto [p, q] = after("bug(lr=1e-2,tau=0.001,s=2,budget=150)");
  EXPECT_LE(6 * p + 5 * q + 9 * p * q, 150);
  EXPECT_GT(6 * (p + 1) + 5 * (q + 1) + 9 * (p + 1) * (q + 1), 150);
}

// Saved where ranks are on the move, with every kind of memory; files keep no strides.
TEST(LowRankTraining, GoesOnAcrossAChangeOfRanks) {
  const auto stored = [](const at::Tensor& tensor) {
    return tensor.clone(at::MemoryFormat::Contiguous);
  };
  for (const char* weight : {"tucker(r=1x1)", "low_rank(r=1)"}) {
    const auto network = tucker_network(weight);
    for (const std::string spec :
         {"bug(lr=1e-2,tau=1e-4,s=2)", "bug(lr=1e-2,tau=1e-4,moments=entry)",
          "bug(lr=0.1,tau=1e-4,rule=sgd,momentum=0.9)", "augmented_bug(lr=1e-2,tau=1e-4)",
          "parallel_bug(lr=1e-2,tau=1e-4)",
          "parallel_bug(lr=1e-2,tau=0.9,tau_end=1e-5,over=6,reject=10)",
          "parallel_bug(lr=0.1,tau=1e-4,rule=sgd,momentum=0.9)"}) {
      const auto whole = optim::make_optimiser(spec);
      const auto expected = trained(*whole, network.graph, network.state, 6);
      const auto first = optim::make_optimiser(spec);
      const auto half = trained(*first, network.graph, network.state, 2);
      auto saved = first->save();
      for (auto& [name, tensor] : saved) tensor = stored(tensor);
      const auto second = optim::make_optimiser(first->spec());
      second->load(saved);
      EXPECT_NE(ranks_of(half), ranks_of(expected)) << spec;
      // Kernels come back with their channels last, as training has them.
      const auto back = half.map([&](const at::Tensor& tensor) {
        return tensor.dim() == 4 ? tensor.contiguous(at::MemoryFormat::ChannelsLast)
                                 : stored(tensor);
      });
      const auto found = trained(*second, network.graph, back, 4, 2);
      EXPECT_TRUE(same_state(found, expected)) << weight << ' ' << spec;
    }
  }
}

TEST(TuckerTraining, EndsInAPlainTuckerWeight) {
  const auto network = tucker_network("tucker(r=3x3)");
  const auto optimiser = optim::make_optimiser("bug(lr=1e-2,tau=0.1)");
  const auto state = trained(*optimiser, network.graph, network.state, 3);
  const auto finished = optimiser->finished(state);
  ASSERT_EQ(finished.at("t.weight").weight->kind(), "tucker");
  const auto x = tiny_data(10, 13).images;
  EXPECT_TRUE(nn::run(network.graph, state, {x})
                  .output()
                  .equal(nn::run(network.graph, finished, {x}).output()));
}

// Bases made orthonormal again (by QR, which turns signs) after every step or never: momentum goes
// along, so the way is the same but for rounding.
TEST(LowRankTraining, MomentumSurvivesReorthonormalisation) {
  using Method = optim::LowRankOptions::Method;
  for (const char* weight : {"tucker(r=3x3)", "low_rank(r=3)"}) {
    const auto network = tucker_network(weight);
    for (const auto method : {Method::core, Method::bug, Method::parallel_bug, Method::fixed_bug}) {
      optim::LowRankOptions options{.method = method, .lr = 0.02};
      options.ranks = {.tau = 1e-3, .cap = 3};
      options.rule = {.kind = optim::CoreRule::Kind::sgd, .momentum = 0.9};
      options.orthonormalise_every = 0;
      optim::LowRankOptimiser never(options);
      options.orthonormalise_every = 1;
      optim::LowRankOptimiser always(options);
      const auto one = trained(never, network.graph, network.state, 6);
      EXPECT_GT(apart(one, network.state), 1e-2);
      EXPECT_LT(apart(one, trained(always, network.graph, network.state, 6)), 2e-5)
          << weight << ' ' << to_string(method);
    }
  }
}

/// An objective whose loss is not finite at one of its evaluations, counted from 0.
class Failing final : public optim::Objective {
 public:
  Failing(optim::Objective& whole, int fails) : whole_(whole), fails_(fails) {}
  double loss(const nn::State& state) override { return whole_.loss(state); }
  optim::Gradients loss_and_gradients(const nn::State& state, const optim::Phase& phase) override {
    auto found = whole_.loss_and_gradients(state, phase);
    if (evaluations_++ == fails_) found.loss = std::nan("");
    return found;
  }

 private:
  optim::Objective& whole_;
  int fails_, evaluations_ = 0;
};

// A later evaluation that fails takes back what bases and moments have done before it.
TEST(LowRankTraining, AStepThatFailsIsForgotten) {
  for (const char* weight : {"tucker(r=2x2)", "low_rank(r=2)"}) {
    const auto network = tucker_network(weight);
    for (const char* spec :
         {"bug(lr=1e-2,tau=0.01,s=3)", "bug(lr=1e-2,tau=0.01,s=3,rule=sgd,momentum=0.9)",
          "augmented_bug(lr=1e-2,tau=0.01)", "fixed_bug(lr=1e-2)",
          "parallel_bug(lr=1e-2,tau=0.9,reject=1e-12)"}) {
      const auto optimiser = optim::make_optimiser(spec);
      auto state = trained(*optimiser, network.graph, network.state, 2);
      const auto before = state.clone();
      auto remembered = optimiser->save();
      for (auto& [name, tensor] : remembered) tensor = tensor.clone();
      const auto data = tiny_data(10, 14);
      data::Batch batch;
      batch.images = data.images, batch.labels = data.labels;
      BatchObjective objective(network.graph, batch, base::Stream(1, "dropout"), {});
      Failing failing(objective, 1);  // the second
      EXPECT_TRUE(std::isnan(optimiser->step(state, failing)));
      EXPECT_TRUE(same_state(state, before)) << spec;
      EXPECT_EQ(optimiser->save().size(), remembered.size());
      for (const auto& [name, tensor] : optimiser->save()) {
        EXPECT_TRUE(tensor.equal(remembered.at(name))) << spec << ' ' << name;
      }
      EXPECT_TRUE(std::isfinite(optimiser->step(state, objective)));
    }
  }
}

TEST(TuckerTraining, SplittingMovesMatricesAlone) {
  const auto network = tucker_network("tucker(r=3x3)");
  for (const char* spec : {"psi(lr=0.01)", "abc_psi(lr=0.01)"}) {
    const auto made = optim::make_optimiser(spec);
    ranklens::testing::expect_error([&] { trained(*made, network.graph, network.state, 1); },
                                    "convolutions in Tucker form");
  }
}

}  // namespace
}  // namespace ranklens::train
