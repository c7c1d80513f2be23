#include "ranklens/study/config.h"

#include <cmath>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "ranklens/study/folder.h"
#include "ranklens/study/verdict.h"

#include "testing/expect_error.h"

namespace ranklens::study {
namespace {

using ranklens::testing::expect_error;

/// Expects that the default, so changed, is refused.
template <class Change>
void expect_refused(Change&& change, const std::string& part) {
  Config config;
  change(config);
  expect_error([&] { check(config); }, part);
}

TEST(StudyConfig, EveryFieldIsInItsJson) {
  const Config other{.title = "T",
                     .data = "scenes:train=100,test=20",
                     .grey = true,
                     .size = 48,
                     .arms = {"tt", "own"},
                     .recipes = {"own = tt @ sgd(lr=0.1)"},
                     .seeds = {7, 18446744073709551},
                     .rates = {0.5, 2},
                     .rate_seeds = 3,
                     .width = 24,
                     .epochs = 3,
                     .full_epochs = 9,
                     .batch = 5,
                     .dropout = 0.5,
                     .optimiser = "sgd(lr=0.5)",
                     .schedule = "constant",
                     .clip_norm = 2,
                     .crop = 2,
                     .flip = true,
                     .compute = "bfloat16",
                     .low_memory = true,
                     .methods = {"saliency", "smoothgrad(samples=2)"},
                     .images = "train:3",
                     .accuracy_margin = 0.125};
  EXPECT_NO_THROW(check(other));
  const auto defaults = to_json(Config{}), json = to_json(other);
  for (const auto& [key, value] : defaults.items()) EXPECT_NE(json.at(key), value) << key;
  EXPECT_EQ(json.at("seeds"), (std::vector<std::uint64_t>{7, 18446744073709551}));
  EXPECT_EQ(json.at("methods"), other.methods);
  EXPECT_EQ(json.size(), 24U);
}

TEST(StudyConfig, ValuesOutOfRangeAreRefused) {
  expect_refused([](Config& c) { c.width = 12; }, "multiple of 8");
  expect_refused([](Config& c) { c.width = 0; }, "multiple of 8");
  expect_refused([](Config& c) { c.size = -1; }, "1 to 4096 pixels a side");
  expect_refused([](Config& c) { c.epochs = 0; }, "epochs must be from 1");
  expect_refused([](Config& c) { c.epochs = 7; },
                 "epochs must be from 1 to full_epochs (6), not 7");
  expect_refused([](Config& c) { c.batch = 1; }, "at least two images");
  expect_refused([](Config& c) { c.accuracy_margin = 0; }, "between 0 and 1");
  expect_refused([](Config& c) { c.accuracy_margin = 2; }, "between 0 and 1");
  expect_refused([](Config& c) { c.dropout = 1.5; }, "dropout must be from 0 to 1");
  expect_refused([](Config& c) { c.rate_seeds = 0; }, "1 to 100 seeds choose a learning rate");
  expect_refused([](Config& c) { c.rate_seeds = 3; }, "there is nothing to choose");
  expect_refused(
      [](Config& c) {
        c.rates = {1, 3};
        c.rate_seeds = 3;
        c.seeds = {1, kFurtherRateSeeds + 2};
      },
      "seed 1000000002 chooses the learning rates and is not judged");
  expect_refused([](Config& c) { c.clip_norm = -1; }, "clip_norm must be 0 (none) or more, not -1");
  expect_refused([](Config& c) { c.clip_norm = NAN; }, "clip_norm must be 0 (none) or more");
  expect_refused([](Config& c) { c.rates = {1, 0}; }, "above 0, not 0");
  expect_refused([](Config& c) { c.rates = {1, INFINITY}; }, "above 0, not inf");
  expect_refused([](Config& c) { c.rates = {1, 3, 1}; }, "given once each");
  expect_refused([](Config& c) { c.rates = {1, 3}, c.seeds = {0, 1}; },
                 "seed 0 chooses the learning rates and is not judged");
}

TEST(StudyConfig, ListsAndNamesThatMakeNoSenseAreRefused) {
  expect_refused([](Config& c) { c.arms = {}; }, "needs arms");
  expect_refused([](Config& c) { c.arms = {"tt", "tt"}; }, "each named once");
  expect_refused([](Config& c) { c.arms = {"tt-match"}; },
                 "no arm is called 'tt-match'; nearest: 'tt-matched'");
  expect_refused([](Config& c) { c.seeds = {}; }, "needs seeds");
  expect_refused([](Config& c) { c.seeds = {1, 1}; }, "each given once");
  expect_refused([](Config& c) { c.methods = {}; }, "needs methods");
  expect_refused([](Config& c) { c.methods = {"gradcam", "gradcam(preset=captum)"}; },
                 "each named once");
  expect_refused([](Config& c) { c.methods = {"gradcamm"}; },
                 "no method 'gradcamm'; nearest: 'gradcam'");
  expect_refused([](Config& c) { c.images = "some"; }, "is not a selection of images");
  expect_refused([](Config& c) { c.optimiser = "adm"; }, "adm");
  expect_refused([](Config& c) { c.optimiser = "adam(rate=1)"; }, "rate");
  expect_refused([](Config& c) { c.schedule = "cosin"; }, "cosin");
  expect_refused([](Config& c) { c.compute = "float16"; }, "float16");
}

TEST(StudyConfig, PresetsAreSound) {
  for (const auto& name : preset_names()) EXPECT_NO_THROW(check(preset(name))) << name;
  EXPECT_EQ(preset("paper").width, 32);
  EXPECT_EQ(preset("hackathon").full_epochs, 50);
  // Of the published networks all tolerances of the smallest are trained unless told otherwise.
  EXPECT_EQ(preset("cifar-dlrt").arms,
            (std::vector<std::string>{"full", "tau-0.04", "tau-0.08", "tau-0.12", "tau-0.16",
                                      "tau-0.2"}));
  EXPECT_EQ(preset("cifar-dlrt").recipes.size(), 18U);
  // Finished cells are known by the text.
  EXPECT_EQ(preset("cifar-dlrt").recipes.at(1),
            "tau-0.04 = resnet20 @ bug(lr=0.05,s=1,rule=sgd,momentum=0.9,weight_decay=5e-4,"
            "tau=0.04) with *: low_rank(ratio=0.5)");
  EXPECT_EQ(preset("tt-optimisers").width, 32) << "2048 -> 13,824 -> 512";
  EXPECT_EQ(preset("tt-optimisers").rates.size(), 3U);
  EXPECT_EQ(preset("mps-optimisers").arms.size(), 7U);
  EXPECT_EQ(preset("imagenet-dlrt").arms, (std::vector<std::string>{"full", "tau-0.1"}));
  for (const auto* name : {"hackathon", "tt-optimisers", "mps-optimisers", "cifar-dlrt",
                           "cifar100-dlrt", "tiny-imagenet-dlrt", "imagenet-dlrt"})
    EXPECT_GE(preset(name).seeds.size(), std::size_t(Claim{}.needed_seeds)) << name;
  expect_error([] { preset("dem"); }, "no preset is called 'dem'; nearest: 'demo'");
}

TEST(StudyConfig, IdentityIsWhatAFinishedCellDependsOn) {
  const Config config;
  const auto differs = [&](auto change) {
    Config other = config;
    change(other);
    return identity(other) != identity(config);
  };
  EXPECT_FALSE(differs([](Config& c) { c.title = "other"; }));
  EXPECT_FALSE(differs([](Config& c) { c.arms = {"dense"}; }));
  EXPECT_FALSE(differs([](Config& c) { c.seeds = {5, 6, 7, 8}; }));
  EXPECT_FALSE(differs([](Config& c) { c.accuracy_margin = 0.1; }));
  EXPECT_FALSE(differs([](Config& c) { c.full_epochs = 99; }));
  EXPECT_FALSE(differs([](Config& c) { c.recipes = {"own = tt"}; }));
  EXPECT_FALSE(differs([](Config& c) { c.rates = {1}; }));
  EXPECT_TRUE(differs([](Config& c) { c.rates = {1, 3}; }));
  EXPECT_TRUE(differs([](Config& c) { c.rate_seeds = 2; }));
  EXPECT_TRUE(differs([](Config& c) { c.crop = 4; }));
  EXPECT_TRUE(differs([](Config& c) { c.flip = true; }));
  EXPECT_TRUE(differs([](Config& c) { c.epochs = 1; }));
  EXPECT_TRUE(differs([](Config& c) { c.width = 64; }));
  EXPECT_TRUE(differs([](Config& c) { c.size = 64; }));
  EXPECT_TRUE(differs([](Config& c) { c.low_memory = true; }));
  EXPECT_TRUE(differs([](Config& c) { c.clip_norm = 1; }));
  EXPECT_TRUE(differs([](Config& c) { c.methods = {"saliency"}; }));
  EXPECT_TRUE(differs([](Config& c) { c.data = "scenes:train=9"; }));
  Config here, there;
  here.data = "cifar10:/a";
  there.data = "cifar10:/b";
  EXPECT_EQ(identity(here), identity(there)) << "the folder is another one on every machine";
}

TEST(StudyConfig, CellsOfARecipeDependOnItAloneAndOthersDoNot) {
  Config config;
  config.recipes = {"own = tt @ sgd(lr=0.1)"};
  auto other = config;
  other.recipes = {"own = tt @ sgd(lr=0.2)", "more = lenet5"};
  EXPECT_EQ(identity(config, "tt"), identity(other, "tt"));
  EXPECT_EQ(identity(config, "tt"), identity(config));
  EXPECT_NE(identity(config, "own"), identity(other, "own"));
  other.recipes = {" own=cnn-tt  @   sgd(lr=0.1) "};
  EXPECT_EQ(identity(config, "own"), identity(other, "own"));
  expect_refused([](Config& c) { c.recipes = {"a = tt", "a = lenet5"}; }, "no two the same");
  expect_refused([](Config& c) { c.recipes = {"lenet5"}; }, "not of the form NAME = NETWORK");
  expect_refused([](Config& c) { c.crop = -1; }, "crop must be from 0");
}

// Of a folder that was begun before there were keys more.
TEST(StudyConfig, IdentitiesOfEarlierVersionsStayTheSame) {
  auto config = preset("hackathon");
  config.epochs = 12;
  EXPECT_EQ(identity_digest(config, "dense"), "f7cb4c25c18d3b11");
}

}  // namespace
}  // namespace ranklens::study
