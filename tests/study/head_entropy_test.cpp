#include "ranklens/study/head_entropy.h"

#include <cmath>
#include <filesystem>

#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include "ranklens/base/json.h"
#include "ranklens/base/product.h"
#include "ranklens/base/threads.h"
#include "ranklens/nn/zoo/zoo.h"
#include "ranklens/study/arms.h"
#include "ranklens/study/make_cell.h"
#include "ranklens/train/fit.h"

#include "paths.h"
#include "study/cells.h"
#include "study/tiny.h"
#include "testing/temporary_folder.h"

namespace ranklens::study {
namespace {

using ranklens::testing::TemporaryFolder;

nn::Network head_network(const std::string& name) {
  return nn::zoo::make(name, {.channels = 1, .size = 16, .classes = 4, .width = 8, .seed = 2});
}

// A dense head that holds what the tensor train stands for has the entropies of its cores.
TEST(HeadEntropy, OfATrainAndOfWhatItStandsForAgree) {
  const auto matched = head_network("cnn-tt-matched");
  const auto modes = head_modes(matched);
  EXPECT_EQ(modes.out, (tn::Shape{8, 4, 1}));
  auto dense = head_network("cnn-dense");
  dense.state.replace("head.weight", nn::Weight(matched.state.at("head.weight").weight->dense()));
  const auto of_train = head_entropies(matched, modes), of_dense = head_entropies(dense, modes);
  ASSERT_EQ(of_train.size(), 3U);
  for (const auto* name : {"entropy bond 1", "entropy bond 2", "entropy core 2"}) {
    EXPECT_GT(of_train.at(name), 0);
    EXPECT_NEAR(of_train.at(name), of_dense.at(name), 1e-5) << name;
  }
}

TEST(HeadEntropy, WhatHasNoneIsLeftOut) {
  const auto modes = head_modes(head_network("cnn-tt-matched"));
  EXPECT_TRUE(head_modes(head_network("cnn-dense")).out.empty());
  EXPECT_TRUE(head_entropies(head_network("cnn-dense"), {}).empty());
  EXPECT_TRUE(head_entropies(head_network("cnn-dense"), {{2, 2}, {2, 2}}).empty());
  EXPECT_TRUE(head_entropies(nn::zoo::make("mlp", {.hidden = {5}}), modes).empty());
  auto broken = head_network("cnn-dense");
  broken.state.tensor("head.weight").fill_(NAN);
  EXPECT_TRUE(head_entropies(broken, modes).empty());
  broken.state.tensor("head.weight").fill_(0);
  EXPECT_TRUE(head_entropies(broken, modes).empty());
}

TEST(HeadEntropy, IsInEveryEpochOfACellAndChangesNoBitOfTheTraining) {
  base::set_threads(1);
  base::set_product_kernel(base::ProductKernel::libtorch);
  const TemporaryFolder folder;
  auto config = tiny();
  config.epochs = config.full_epochs = 2;
  const auto material = open_material(config);
  for (const std::string name : {"dense", "low-rank", "tt-matched", "tt"}) {
    const auto fresh = build(arm(config, name), config, material.train, 1);
    train::FitOptions options{.epochs = 2,
                              .batch = 16,
                              .optimiser = config.optimiser,
                              .schedule = config.schedule,
                              .seed = 1};
    const auto plain = train::fit(fresh, material.train, material.test, options);
    const auto modes = head_modes(build(arm(config, "tt-matched"), config, material.train, 1));
    options.observe = [&](const nn::Network& network) { return head_entropies(network, modes); };
    const auto observed = train::fit(fresh, material.train, material.test, options);
    const auto a = plain.last.state.tensors(), b = observed.last.state.tensors();
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t k = 0; k < a.size(); ++k)
      EXPECT_TRUE(at::equal(a[k].tensor, b[k].tensor)) << name << ": " << a[k].name;
    for (std::size_t e = 0; e < 2; ++e) {
      EXPECT_EQ(plain.history[e].loss, observed.history[e].loss);
      EXPECT_TRUE(plain.history[e].observed.empty());
      EXPECT_GT(observed.history[e].observed.at("entropy bond 1"), 0) << name;
    }
  }
  const auto made = make_cell(config, quiet(folder.path()), material, "dense", 1);
  ASSERT_TRUE(made);
  const auto back = read_cell(to_json(made->cell), "here");
  for (const auto& epoch : back.history) EXPECT_EQ(epoch.observed.size(), 3U);
  // As a number of the same network after the run.
  EXPECT_NE(back.history[0].observed, back.history[1].observed);
}

// Cells that were made before there was anything to observe, and whose study must go on.
TEST(HeadEntropy, CommittedCellsOfTheHackathonStayValid) {
  const std::filesystem::path folder =
      std::filesystem::path(RANKLENS_SOURCE_DIR) / "docs/results/hackathon";
  auto config = preset("hackathon");
  config.epochs = 12;
  EXPECT_EQ(identity_digest(config, "dense"), "f7cb4c25c18d3b11");
  EXPECT_NO_THROW(check_folder(config, folder));
  const auto cell = find_cell(config, folder, "dense", 13112022);
  ASSERT_TRUE(cell);
  EXPECT_EQ(cell->history.size(), 12U);
  EXPECT_TRUE(cell->history.front().observed.empty());
}

}  // namespace
}  // namespace ranklens::study
