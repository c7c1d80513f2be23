#include "ranklens/base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ranklens::base {
namespace {

TEST(Nearest, RanksByEditDistance) {
  EXPECT_THAT(nearest("conv9", {"head", "conv1", "conv2"}),
              ::testing::ElementsAre("conv1", "conv2"));
  EXPECT_THAT(nearest("haed", {"conv1", "head"}, 1), ::testing::ElementsAre("head"));
}

TEST(Nearest, HintNamesCandidates) {
  EXPECT_EQ(nearest_hint("conv9", {"conv1", "conv2"}), "; nearest: 'conv1', 'conv2'");
  EXPECT_EQ(nearest_hint("x", {}), "");
  EXPECT_EQ(nearest_hint("rand_like", {"aten::ones_like", "aten::relu"}),
            "; nearest: 'aten::ones_like'");
  EXPECT_EQ(nearest_hint("cnn", {"cnn-dense", "mlp"}), "; nearest: 'cnn-dense'");
}

TEST(Nearest, WhatIsFarAwayIsNoHint) {
  const std::vector<std::string> flags{"--help", "--out",  "--seed",      "--threads",
                                       "--json", "--data", "--optimiser", "--epochs"};
  EXPECT_EQ(nearest_hint("--lr", flags), "");
  EXPECT_EQ(nearest_hint("--epoch", flags), "; nearest: '--epochs'");
  EXPECT_EQ(nearest_hint("D", {"npy", "mnist", "images"}), "; there is 'npy', 'mnist', 'images'");
}

TEST(Require, ThrowsTheFormattedSentence) {
  EXPECT_NO_THROW(require(true, "never"));
  try {
    require(false, "rank {} is above {}", 9, 4);
    FAIL() << "did not throw";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "rank 9 is above 4");
  }
}

TEST(Error, StaysOneLine) {
  EXPECT_STREQ(Error("\x93NUMPY, \xc3").what(), "?NUMPY, ?");
  EXPECT_STREQ(Error("a\nb\x1b[31mc\x7f \xc3\xa9").what(), "a?b?[31mc? \xc3\xa9");
}

}  // namespace
}  // namespace ranklens::base
