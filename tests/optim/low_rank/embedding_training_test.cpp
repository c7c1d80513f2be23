// Tables of rows in factors under every method of low rank: alone against integrators that see the
// dense gradient, and in a network against the training of a dense table.
#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/nn/builder.h"
#include "ranklens/optim/low_rank/integrator.h"
#include "ranklens/optim/low_rank/methods.h"
#include "ranklens/optim/optimiser.h"

#include "optim/low_rank/least_squares.h"

namespace ranklens::optim {
namespace {

using testing::dense_of;
using testing::distance;
using testing::low_rank;
using testing::norm;
using testing::state_with;

const std::vector<std::string> kTableMethods{"bug(tau=1e-9,",
                                             "parallel_bug(tau=1e-9,",
                                             "augmented_bug(tau=1e-9,",
                                             "abc_psi(tau=1e-9,",
                                             "fixed_bug(",
                                             "core(",
                                             "psi("};

/// What of a table [14, 10] a loss depends on.
struct ReadTable {
  std::string name;
  std::function<at::Tensor(const nn::Weight&)> values;
};

std::vector<ReadTable> ways_to_read() {
  const auto many = at::tensor({3, 0, 13, 3, 7, 8, 3, 0, 5, 11, 12, 6}, at::kLong).reshape({3, 4});
  const auto few = at::tensor({4, 9, 4}, at::kLong);
  return {{"rows", [=](const nn::Weight& w) { return w->rows(many); }},
          {"fewer rows than the rank", [=](const nn::Weight& w) { return w->rows(few); }},
          {"tied", [=](const nn::Weight& w) { return w->linear(w->rows(many).tanh(), {}); }},
          {"the whole table", [](const nn::Weight& w) { return w->dense(); }}};
}

at::Tensor wavy(const at::Tensor& values) { return (values - 1).cos().sum(); }

class OfATable final : public testing::LossOfWeights {
 public:
  explicit OfATable(ReadTable read) : read_(std::move(read)) {}
  /// With respect to the dense table.
  at::Tensor gradient_at(const at::Tensor& table) const {
    const auto leaf = table.detach().requires_grad_();
    return torch::autograd::grad({wavy(read_.values(nn::Weight(leaf)))}, {leaf}).front();
  }

 private:
  at::Tensor value(const nn::State& state) const override {
    return wavy(read_.values(state.at("w").weight));
  }

  ReadTable read_;
};

Integrator integrator_named(const std::string& spec) {
  base::SpecReader reader(spec, "optimiser");
  return integrator_for(read_low_rank_options(reader));
}

TEST(EmbeddingTraining, StepsAsTheGradientOfTheDenseTableSays) {
  const LowRank start = low_rank(14, 10, 3, 80);
  const double dimensions = 3 * (14 + 10 - 3);
  for (const auto& read : ways_to_read()) {
    OfATable objective(read);
    const auto plain = [&](const LowRank& at) {
      return seen_from(at, objective.gradient_at(at.dense()));
    };
    const auto adam = [&](const LowRank& at) {
      const auto gradient = objective.gradient_at(at.dense());
      const double root = norm(project(at, gradient)) / std::sqrt(dimensions);
      return seen_from(at, gradient / (root + 1e-3));
    };
    for (const auto& method : kTableMethods) {
      for (const bool is_adam : {false, true}) {
        if (is_adam && method == "core(") continue;  // whose moments are its core's
        const auto spec = method + "lr=0.05," + (is_adam ? "rule=adam,eps=1e-3" : "rule=sgd") + ")";
        const auto expected = is_adam ? run(integrator_named(spec), start, 0.05, adam)
                                      : run(integrator_named(spec), start, 0.05, plain);
        auto state = state_with(start);
        make_optimiser(spec)->step(state, objective);
        EXPECT_LT(distance(dense_of(state), expected.dense()), 1e-11) << spec << ' ' << read.name;
        EXPECT_GT(distance(dense_of(state), start.dense()), 1e-3) << spec << ' ' << read.name;
      }
    }
  }
}

/// Four words to nine scores each, in double precision. Where `tied`, the table is the last layer.
nn::Network language(const std::string& table, bool tied) {
  nn::GraphBuilder g;
  auto x = g.embedding("table", g.input("words", {4}), {.rows = 9, .columns = 9, .weight = table});
  x = g.gelu("gelu", g.linear("mix", x, {.out = 9}));
  if (tied) {
    const auto head = nn::make_operator("linear", {{"in", 9}, {"out", 9}, {"bias", false}});
    g.add("head", head, {x}, {{"weight", {.share = "table.weight"}}});
  } else {
    g.linear("head", x, {.out = 9});
  }
  auto network = g.build(81);
  network.state = network.state.to(at::kDouble);
  return network;
}

/// Every word's next one, which are drawn.
class NextWord final : public testing::LossOfWeights {
 public:
  explicit NextWord(nn::Graph graph) : graph_(std::move(graph)) {}

 private:
  at::Tensor value(const nn::State& state) const override {
    const auto scores = nn::run(graph_, state, {words_}).output();
    return at::cross_entropy_loss(scores.flatten(0, 1), next_.flatten());
  }

  nn::Graph graph_;
  at::Tensor words_ = base::Stream(82, "noise", "words").integers({5, 4}, 9),
             next_ = base::Stream(82, "noise", "next").integers({5, 4}, 9);
};

nn::State with_dense_table(nn::State state) {
  state.replace("table.weight", nn::Weight(state.at("table.weight").weight->dense()));
  return state;
}

double most_apart(const nn::State& one, const nn::State& other) {
  double most = 0;
  for (const auto& name : one.names()) {
    const auto difference = dense_of(one, name) - dense_of(other, name);
    most = std::max(most, difference.abs().max().item<double>());
  }
  return most;
}

nn::State after_steps(const std::string& spec, Objective& objective, const nn::State& start,
                      int steps) {
  const auto optimiser = make_optimiser(spec);
  auto state = start.clone();
  for (int k = 0; k < steps; ++k) EXPECT_TRUE(std::isfinite(optimiser->step(state, objective)));
  return state;
}

// What splitting does with whole bases: down, back and down again, each by the gradient where it
// has come to; other tensors take the last one.
void split_step(nn::State& state, Objective& objective, double lr) {
  Gradients found;
  for (const double length : {-lr, lr, -lr}) {
    found = objective.loss_and_gradients(state, {});
    for (const auto& [name, gradient] : found.gradients) {
      if (name != "table.weight") continue;
      state.replace(name, nn::Weight(state.tensor(name) + length * gradient));
    }
  }
  for (const auto& [name, gradient] : found.gradients) {
    if (name == "table.weight") continue;
    state.replace(name, nn::Weight(state.tensor(name) - lr * gradient));
  }
}

// With whole bases on both sides all methods but splitting are dense SGD; splitting never is,
// whatever the bases.
TEST(EmbeddingTraining, IsThatOfADenseTableAtFullRank) {
  for (const char* table : {"low_rank(r=9)", "tucker(r=9x9)"}) {
    for (const bool tied : {false, true}) {
      const auto network = language(table, tied);
      const auto dense = with_dense_table(network.state);
      NextWord objective(network.graph);
      for (const std::string momentum : {"momentum=0)", "momentum=0.9)"}) {
        const auto expected = after_steps("sgd(lr=0.2," + momentum, objective, dense, 4);
        EXPECT_GT(most_apart(expected, dense), 1e-2);
        for (const auto& method : kTableMethods) {
          if (method == "psi(") continue;
          auto spec = method + "lr=0.2,rule=sgd,";
          spec += momentum;
          const auto found = after_steps(spec, objective, network.state, 4);
          EXPECT_LT(most_apart(found, expected), 1e-8) << spec << table << tied;
        }
      }
      auto expected = dense.clone();
      for (int k = 0; k < 4; ++k) split_step(expected, objective, 0.2);
      const auto found = after_steps("psi(lr=0.2,rule=sgd)", objective, network.state, 4);
      EXPECT_LT(most_apart(found, expected), 1e-8) << table << tied;
    }
  }
}

TEST(EmbeddingTraining, LowersTheLossAtLowRanks) {
  auto methods = kTableMethods;
  methods.insert(methods.end(), {"bug(s=3,tau=0.05,", "parallel_bug(tau=0.05,reject=10,"});
  for (const char* table : {"low_rank(r=2)", "tucker(r=2x3)"}) {
    for (const bool tied : {false, true}) {
      const auto network = language(table, tied);
      NextWord objective(network.graph);
      for (const auto& method : methods) {
        const auto trained = after_steps(method + "lr=0.01)", objective, network.state, 40);
        EXPECT_LT(objective.loss(trained), 0.95 * objective.loss(network.state))
            << method << table << tied;
        EXPECT_NE(trained.at("table.weight").weight->kind(), "dense");
      }
    }
  }
}

}  // namespace
}  // namespace ranklens::optim
