#include "ranklens/study/config.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/toml.h"

#include "testing/expect_error.h"

namespace ranklens::study {
namespace {

using ranklens::testing::expect_error;

Config from_toml(std::string_view text, const Config& base = {}) {
  return read_config(base::parse_toml(text, "'study.toml'"), "'study.toml'", base);
}

void expect_refused(std::string_view text, const std::string& part) {
  expect_error([&] { from_toml(text); }, part);
}

TEST(StudyConfig, EveryKeyIsReadFromToml) {
  const auto config = from_toml(R"toml(
    title = "T"
    data = "scenes:train=100,test=20"
    grey = true
    arms = ["tt", "dense"]
    seeds = [7, 18446744073709551]
    width = 24
    epochs = 3
    full_epochs = 9
    batch = 5
    dropout = 0.5
    optimiser = "sgd(lr=0.5)"
    schedule = "constant"
    compute = "bfloat16"
    methods = ["saliency", "smoothgrad(samples=2)"]
    images = "train:3"
    accuracy_margin = 0.125
  )toml");
  EXPECT_EQ(config.title, "T");
  EXPECT_EQ(config.data, "scenes:train=100,test=20");
  EXPECT_TRUE(config.grey);
  EXPECT_EQ(config.arms, (std::vector<std::string>{"tt", "dense"}));
  EXPECT_EQ(config.seeds, (std::vector<std::uint64_t>{7, 18446744073709551}));
  EXPECT_EQ(config.width, 24);
  EXPECT_EQ(config.epochs, 3);
  EXPECT_EQ(config.full_epochs, 9);
  EXPECT_EQ(config.batch, 5);
  EXPECT_EQ(config.dropout, 0.5);
  EXPECT_EQ(config.optimiser, "sgd(lr=0.5)");
  EXPECT_EQ(config.schedule, "constant");
  EXPECT_EQ(config.compute, "bfloat16");
  EXPECT_EQ(config.methods, (std::vector<std::string>{"saliency", "smoothgrad(samples=2)"}));
  EXPECT_EQ(config.images, "train:3");
  EXPECT_EQ(config.accuracy_margin, 0.125);
  // All of it is in the JSON, and comes back.
  EXPECT_EQ(to_json(read_config(to_json(config), "here")), to_json(config));
  const auto defaults = to_json(Config{});
  for (const auto& [key, value] : defaults.items())
    EXPECT_NE(to_json(config).at(key), value) << key;
}

TEST(StudyConfig, WhatIsNotGivenStays) {
  Config base;
  base.width = 40;
  const auto config = from_toml("epochs = 2", base);
  EXPECT_EQ(config.width, 40);
  EXPECT_EQ(config.epochs, 2);
}

TEST(StudyConfig, UnknownKeysAreNamedWithTheNearest) {
  expect_refused("epoch = 2", "'study.toml': the key 'epoch' does not exist; nearest: 'epochs'");
}

TEST(StudyConfig, ValuesOfAnotherTypeAreRefused) {
  for (const auto* line : {"width = 16.5", "width = true", "width = '16'", "grey = 1", "seeds = 3",
                           "seeds = [-1]", "seeds = [1.0]", "arms = 'dense'", "arms = ['dense', 2]",
                           "title = 4", "accuracy_margin = '2 %'", "epochs = [1]"}) {
    expect_refused(line, "is of the wrong type");
  }
  EXPECT_EQ(from_toml("accuracy_margin = 0.5").accuracy_margin, 0.5);
  expect_error([] { read_config(nlohmann::json::array(), "x"); }, "x is no table");
}

TEST(StudyConfig, ValuesOutOfRangeAreRefused) {
  expect_refused("width = 12", "multiple of 8");
  expect_refused("width = 0", "multiple of 8");
  expect_refused("epochs = 0", "epochs must be from 1");
  expect_refused("epochs = 7\nfull_epochs = 6", "epochs must be from 1 to full_epochs (6), not 7");
  expect_refused("batch = 1", "at least two images");
  expect_refused("accuracy_margin = 0.0", "between 0 and 1");
  expect_refused("dropout = 1.5", "dropout must be from 0 to 1");
  expect_refused("accuracy_margin = 2", "between 0 and 1");
  expect_refused("arms = []", "needs arms");
  expect_refused("arms = ['tt', 'tt']", "each named once");
  expect_refused("arms = ['tt-match']", "no arm is called 'tt-match'; nearest: 'tt-matched'");
  expect_refused("seeds = []", "needs seeds");
  expect_refused("seeds = [1, 1]", "each given once");
  expect_refused("methods = []", "needs methods");
  expect_refused("methods = ['gradcam', 'gradcam(preset=captum)']", "each named once");
  expect_refused("methods = ['gradcamm']", "no method 'gradcamm'; nearest: 'gradcam'");
  expect_refused("images = 'some'", "is not a selection of images");
  expect_refused("optimiser = 'adm'", "adm");
  expect_refused("optimiser = 'adam(rate=1)'", "rate");
  expect_refused("schedule = 'cosin'", "cosin");
  expect_refused("compute = 'float16'", "float16");
}

TEST(StudyConfig, PresetsAreSound) {
  for (const auto& name : preset_names()) EXPECT_NO_THROW(check(preset(name))) << name;
  EXPECT_EQ(preset("paper").width, 32);
  EXPECT_EQ(preset("hackathon").full_epochs, 50);
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
  EXPECT_TRUE(differs([](Config& c) { c.epochs = 1; }));
  EXPECT_TRUE(differs([](Config& c) { c.width = 64; }));
  EXPECT_TRUE(differs([](Config& c) { c.methods = {"saliency"}; }));
  EXPECT_TRUE(differs([](Config& c) { c.data = "scenes:train=9"; }));
  Config here, there;
  here.data = "cifar10:/a";
  there.data = "cifar10:/b";
  EXPECT_EQ(identity(here), identity(there)) << "the folder is another one on every machine";
}

}  // namespace
}  // namespace ranklens::study
