// What a training of weights of low rank is not given: tolerances that are no share, ranks that no
// weight has, and bounds that leave no rank between them.
#include <fmt/format.h>

#include "app/run.h"

namespace ranklens::app {
namespace {

/// Expects status 2, this sentence to the letter, and no folder.
void expect_no_training(const std::string& layers, const std::string& optimiser,
                        const std::string& sentence) {
  const TemporaryFolder folder;
  const auto out = folder / "run";
  const auto done = ranklens({"train", "mlp", "--hidden", "16", "--layers", layers, "--optimiser",
                              optimiser, "--data", "scenes:train=60,test=30", "--epochs", "1",
                              "--batch", "30", "--threads", "1", "--out", out.string()});
  EXPECT_EQ(done.status, 2) << sentence;
  EXPECT_EQ(done.err, fmt::format("ranklens: {}\n", sentence));
  EXPECT_EQ(done.out, "");
  EXPECT_FALSE(fs::exists(out)) << sentence;
}

TEST(LowRankRefused, AToleranceThatIsNoShare) {
  for (const char* tau : {"0", "1", "1.5", "-0.1"}) {
    expect_no_training(
        "*: low_rank(r=6)", fmt::format("bug(tau={})", tau),
        fmt::format("tau, the share of a weight's norm that a truncation may cut off, "
                    "is above 0 and below 1, not {}",
                    tau));
  }
}

TEST(LowRankRefused, BoundsThatLeaveNoRank) {
  const auto of_optimiser = [](const std::string& options, const std::string& sentence) {
    expect_no_training("*: low_rank(r=6)", fmt::format("bug({})", options), sentence);
  };
  of_optimiser("tau=0.1,floor=0",
               "floor in the optimiser 'bug(tau=0.1,floor=0)' is a whole number from 1 to "
               "1048576, not '0'");
  of_optimiser("tau=0.1,cap=0",
               "cap in the optimiser 'bug(tau=0.1,cap=0)' is a whole number of at least 1, not "
               "'0'");
  of_optimiser("tau=0.1,floor=9,cap=4", "the largest rank, cap=4, is below the smallest, floor=9");
}

// The first layer has 16 outputs of 3 x 32 x 32 numbers.
TEST(LowRankRefused, ARankThatNoWeightHas) {
  const auto of_layer = [](const std::string& weight, const std::string& sentence) {
    expect_no_training("fc1: " + weight, "bug(tau=0.1)", sentence);
  };
  of_layer("low_rank(r=0)",
           "'0' in the weight spec 'low_rank(r=0)' is not a positive whole number");
  of_layer("low_rank(r=17)",
           "layer 'fc1': rank 17 is above 16, the most that a weight of shape 16x3072 can have");
}

}  // namespace
}  // namespace ranklens::app
