// A matrix product state whose ranks are found in training: what a run keeps between its calls, and
// what it leaves.
#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "ranklens/nn/model_file.h"

#include "testing/temporary_folder.h"
#include "train/tiny.h"

namespace ranklens::train {
namespace {

/// 16 sites and three classes, built with bonds of two.
nn::Network narrow_product_state() {
  nn::GraphBuilder g;
  auto x = g.avg_pool2d("pool", g.input("image", {1, 8, 8}));
  x = g.flatten("flatten", x);
  g.mps_classifier("mps", x,
                   {.classes = 3, .bond = 2, .map = nn::MPSClassifierOptions::Map::linear});
  return g.build(3);
}

TEST(ProductState, SweepsThatAreStoppedEndTheSameWithRanksOfTheirOwn) {
  const auto data = tiny_data(48, 1), validation = tiny_data(20, 2);
  FitOptions options{.epochs = 6, .batch = 16, .optimiser = "dmrg(bond=5,bonds=4,cutoff=1e-5)"};
  const auto expected = fit(narrow_product_state(), data, validation, options);
  const ranklens::testing::TemporaryFolder folder;
  options.folder = folder / "run";
  int stops = 0;
  const auto result = fit_with_stops(narrow_product_state(), data, validation, options, 5, stops);
  EXPECT_EQ(stops, 3);  // 18 steps in fives
  EXPECT_TRUE(same_state(result.last.state, expected.last.state));
  EXPECT_TRUE(same_state(result.best.state, expected.best.state));
  const auto& observed = result.history.back().observed;
  double largest = 0;
  for (int k = 0; k < 16; ++k) {
    const auto number = std::to_string(k);
    const auto rank = static_cast<double>(result.last.state.tensor("mps.core." + number).size(2));
    EXPECT_EQ(observed.at("rank/mps." + number), rank);
    largest = std::max(largest, rank);
  }
  EXPECT_GT(largest, 2);
  EXPECT_LE(largest, 5);
  EXPECT_LT(result.history.back().loss, 0.8 * result.history.front().loss);

  nn::write_model(folder / "model.safetensors", {.network = result.last});
  const auto again = nn::read_model(folder / "model.safetensors").network;
  EXPECT_TRUE(again(validation.images).equal(result.last(validation.images)));
}

}  // namespace
}  // namespace ranklens::train
