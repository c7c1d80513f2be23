#include "ranklens/study/arms.h"

#include <gtest/gtest.h>

#include "ranklens/base/product.h"
#include "ranklens/base/threads.h"
#include "ranklens/nn/inspect.h"
#include "ranklens/nn/model_file.h"
#include "ranklens/study/make_cell.h"
#include "ranklens/study/training/counts.h"

#include "study/tiny.h"
#include "testing/close.h"
#include "testing/expect_error.h"
#include "testing/temporary_folder.h"

namespace ranklens::study {
namespace {

TEST(Arms, EveryArmIsBuiltAndKeepsWhatItSharesWithTheDenseOne) {
  const auto config = tiny();
  const auto material = open_material(config);
  const auto dense = build(arm(config, "dense"), config, material.train, 3);
  for (const auto& one : arms()) {
    const auto network = build(one, config, material.train, 3);
    EXPECT_TRUE(at::equal(network.state.tensor("conv1.weight"), dense.state.tensor("conv1.weight")))
        << one.name;
  }
}

TEST(Arms, ATensorisedTrunkTrainsAndItsParametersAreCounted) {
  base::set_threads(1);
  base::set_product_kernel(base::ProductKernel::libtorch);
  const ranklens::testing::TemporaryFolder folder;
  const auto config = tiny();
  const auto material = open_material(config);
  const auto fresh = build(arm(config, "tt-trunk"), config, material.train, 1);
  const auto made = make_cell(config, quiet(folder.path()), material, "tt-trunk", 1);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->cell.failure, "");
  EXPECT_EQ(made->cell.parameters, fresh.state.trainable_parameters());
  const auto dense = build(arm(config, "dense"), config, material.train, 1);
  EXPECT_LT(made->cell.parameters, dense.state.trainable_parameters());
  const auto model = nn::read_model(folder / "work" / "tt-trunk-s1" / "model.safetensors");
  const auto& before = fresh.state.at("conv4.weight").weight;
  const auto& after = model.network.state.at("conv4.weight").weight;
  EXPECT_EQ(after->kind(), "tt_conv");
  for (std::size_t k = 0; k < before->factors().size(); ++k)
    EXPECT_FALSE(at::equal(before->factors()[k].tensor, after->factors()[k].tensor))
        << "core " << k;
}

TEST(Arms, ARecipeNamesNetworkOptimiserAndLayers) {
  const auto full =
      read_recipe(" tau-0.1 = resnet20 @ bug(tau=0.1,layers=a*:0.1) with layer*: low_rank(r=8)");
  EXPECT_EQ(full.name, "tau-0.1");
  EXPECT_EQ(full.label, "tau-0.1");
  EXPECT_EQ(full.network, "resnet20");
  EXPECT_EQ(full.optimiser, "bug(tau=0.1,layers=a*:0.1)");
  EXPECT_EQ(full.layers, "layer*: low_rank(r=8)");
  EXPECT_EQ(recipe_text(full), "resnet20 @ bug(tau=0.1,layers=a*:0.1) with layer*: low_rank(r=8)");
  EXPECT_EQ(read_recipe("mine=tt").network, "cnn-tt");  // an arm's network
  EXPECT_EQ(read_recipe("mine=tt").optimiser, "");
  EXPECT_EQ(read_recipe("mine = lenet5 with conv*: low_rank(r=4)").layers, "conv*: low_rank(r=4)");
}

TEST(Arms, WrongRecipesAreRefusedInASentence) {
  using ranklens::testing::expect_error;
  expect_error([] { read_recipe("tt"); }, "not of the form NAME = NETWORK");
  expect_error([] { read_recipe("a/b = tt"); }, "an arm's name has letters, digits");
  expect_error([] { read_recipe(" = tt"); }, "an arm's name has letters, digits");
  expect_error([] { read_recipe("tt = lenet5"); }, "every study knows an arm 'tt'");
  expect_error([] { read_recipe("a = lenet"); }, "nearest: 'lenet5'");
  expect_error([] { read_recipe("a = tt @ adm(lr=1)"); }, "adm");
  expect_error([] { read_recipe("a = tt with fc1"); }, "fc1");
  Config config;
  config.recipes = {"mine = tt"};
  expect_error([&] { arm(config, "mone"); }, "no arm is called 'mone'; nearest: 'mine'");
  EXPECT_EQ(arm(config, "mine").network, "cnn-tt");
  EXPECT_EQ(arm(config, "tt").name, "tt");
}

TEST(Arms, ARecipeTrainsByItsOwnOptimiserAndCountsWhatIsLeft) {
  base::set_threads(1);
  const ranklens::testing::TemporaryFolder folder;
  auto config = tiny();
  config.recipes = {"bug = dense @ bug(lr=5e-3,tau=0.5) with head: low_rank(r=16)"};
  config.arms = {"dense", "bug"};
  config.seeds = {1};
  const auto results = run(config, quiet(folder.path()));
  ASSERT_EQ(results.cells.size(), 2U);
  const auto& dense = results.cells[0];
  const auto& bug = results.cells[1];
  EXPECT_EQ(bug.arm, "bug");
  EXPECT_TRUE(bug.history.back().observed.contains("rank/head.weight"));
  EXPECT_FALSE(dense.history.back().observed.contains("rank/head.weight"));
  const auto model = nn::read_model(folder / "work" / "bug-s1" / "model.safetensors");
  EXPECT_EQ(bug.parameters, model.network.state.trainable_parameters());
  EXPECT_LT(bug.parameters, build(arm(config, "bug"), config, open_material(config).train, 1)
                                .state.trainable_parameters());
  EXPECT_EQ(bug.flops, nn::flops(model.network));
  // r (m + n) of the head and all of the other weights, without biases and norms.
  const auto count = count_weights(model.network);
  EXPECT_EQ(bug.weights, count.stored);
  EXPECT_EQ(bug.dense_weights, count.dense);
  EXPECT_EQ(dense.weights, dense.dense_weights);
  EXPECT_EQ(bug.dense_weights, dense.dense_weights);
  EXPECT_EQ(bug.recipe, "cnn-dense @ bug(lr=5e-3,tau=0.5) with head: low_rank(r=16)");
  EXPECT_EQ(dense.recipe, "");
  EXPECT_LT(bug.flops, dense.flops);
  // Another recipe of that name is another arm.
  config.recipes = {"bug = dense @ bug(lr=1e-3,tau=0.5) with head: low_rank(r=16)"};
  ranklens::testing::expect_error([&] { load(config, folder.path()); },
                                  "give the recipe another name");
}

}  // namespace
}  // namespace ranklens::study
