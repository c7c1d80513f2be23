// What training with ranks found on the way leaves: the network that was evaluated, in a file, with
// its ranks, and without biases where it has none.
#include <string>

#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "ranklens/nn/model_file.h"
#include "ranklens/train/evaluate.h"

#include "testing/temporary_folder.h"
#include "train/tiny.h"

namespace ranklens::train {
namespace {

using ranklens::testing::TemporaryFolder;

/// Two factorised convolutions without biases, and a head of low rank with one.
nn::Network without_biases() {
  nn::GraphBuilder g;
  auto x = g.input("image", {1, 8, 8});
  x = g.conv2d("a", x, {.out = 8, .kernel = 3, .bias = false, .weight = "low_rank(r=5)"});
  x = g.relu("relu_a", x);
  x = g.conv2d("b", x, {.out = 8, .kernel = 3, .bias = false, .weight = "tucker(r=5x5)"});
  x = g.flatten("flat", g.relu("relu_b", x));
  g.linear("head", x, {.out = 3, .weight = "low_rank(r=3)"});
  return g.build(31);
}

FitResult found_by(const std::string& optimiser) {
  return fit(without_biases(), tiny_data(60, 32), tiny_data(30, 33),
             {.epochs = 3, .batch = 20, .optimiser = optimiser});
}

TEST(LowRankModel, InAFileSaysWhatWasEvaluated) {
  const auto validation = tiny_data(30, 33);
  for (const char* optimiser :
       {"bug(lr=1e-2,tau=0.3,s=2)", "parallel_bug(lr=1e-2,tau=0.4,reject=10)"}) {
    const auto result = found_by(optimiser);
    const auto& last = result.history.back();
    EXPECT_LT(last.observed.at("rank/a.weight"), 5) << optimiser;
    const TemporaryFolder folder;
    nn::write_model(folder / "model.safetensors", {.network = result.last});
    const auto again = nn::read_model(folder / "model.safetensors").network;
    EXPECT_TRUE(again(validation.images).equal(result.last(validation.images))) << optimiser;
    const auto found = evaluate(again, validation, {});
    EXPECT_NEAR(found.loss, last.validation_loss, 1e-6) << optimiser;
    EXPECT_DOUBLE_EQ(found.accuracy, last.validation_accuracy) << optimiser;
    // Ranks and sizes are those that the training told.
    double numbers = 3;  // the head's bias
    for (const std::string name : {"a.weight", "b.weight", "head.weight"}) {
      const auto& weight = again.state.at(name).weight;
      EXPECT_EQ(static_cast<double>(weight->parameters()), last.observed.at("params/" + name))
          << name;
      numbers += last.observed.at("params/" + name);
      const auto rank = static_cast<double>(weight->factors().front().tensor.size(1));
      EXPECT_EQ(rank, last.observed.at("rank/" + name + (name == "b.weight" ? ".out" : "")));
    }
    EXPECT_EQ(static_cast<double>(again.state.parameters()), numbers);
  }
}

// Of zeros a convolution without a bias makes zeros, trained and read back, too.
TEST(LowRankModel, HasNoBiasWhereNoneWasAskedFor) {
  const std::vector<std::string> names{"a.weight", "b.weight", "head.weight", "head.bias"};
  const auto nothing = at::zeros({1, 1, 8, 8});
  const auto start = without_biases();
  EXPECT_EQ(start.state.names(), names);
  const auto result = found_by("bug(lr=1e-2,tau=0.1)");
  const TemporaryFolder folder;
  nn::write_model(folder / "model.safetensors", {.network = result.last});
  const auto again = nn::read_model(folder / "model.safetensors").network;
  for (const auto& network : {start, result.last, again}) {
    EXPECT_EQ(network.state.names(), names);
    EXPECT_TRUE(network(nothing).equal(network.state.tensor("head.bias").unsqueeze(0)));
  }
  EXPECT_FALSE(start.state.tensor("head.bias").equal(again.state.tensor("head.bias")));
}

}  // namespace
}  // namespace ranklens::train
