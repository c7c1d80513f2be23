#include "ranklens/study/sizes.h"

#include <gtest/gtest.h>

#include "ranklens/study/questions.h"

#include "study/cells.h"

namespace ranklens::study {
namespace {

/// Two seeds of "tt" that found other ranks, and a reference.
std::vector<Cell> of_other_ranks() {
  const auto config = two_arms(2);
  auto made = made_up_cells(config, 0);
  for (auto& cell : made) {
    if (cell.arm != "tt") continue;
    const bool first = cell.seed == 1;
    cell.parameters = first ? 900 : 1300;
    cell.flops = first ? 10 : 20;
    cell.weights = first ? 25 : 75;
    cell.dense_weights = 100;
    cell.head = first ? "tt(r=2)" : "tt(r=3)";
  }
  return made;
}

TEST(Sizes, AreMeansOverTheSeeds) {
  const auto all = of_other_ranks();
  EXPECT_EQ(mean(parameters_of(all, "tt")), 1100);
  EXPECT_EQ(mean(flops_of(all, "tt")), 15);
  EXPECT_DOUBLE_EQ(mean(saved_of(all, "tt")), 0.5);
  EXPECT_EQ(storage_of(all, "tt"), "tt(r=2) (seed 1)");
  EXPECT_EQ(storage_of(all, "dense"), "dense");
  EXPECT_EQ(mean(parameters_of(all, "none")), 0);
  EXPECT_EQ(storage_of(all, "none"), "");
}

TEST(Sizes, LeaveOutWhatDivergedAndWhatIsNotKnown) {
  auto all = of_other_ranks();
  EXPECT_TRUE(flops_of(all, "dense").empty());
  EXPECT_TRUE(saved_of(all, "dense").empty());
  for (auto& cell : all) {
    if (cell.arm == "tt" && cell.seed == 2) cell.dense_weights = 0;  // of an earlier version
  }
  EXPECT_TRUE(saved_of(all, "tt").empty()) << "half of an arm is no mean of it";
  for (auto& cell : all) {
    if (cell.arm == "tt" && cell.seed == 2) cell.failure = "the loss became nan";
  }
  EXPECT_EQ(mean(parameters_of(all, "tt")), 900);
  EXPECT_DOUBLE_EQ(mean(saved_of(all, "tt")), 0.75);
  EXPECT_EQ(storage_of(all, "tt"), "tt(r=2)");
}

// 900 and 1300 are more than 1000 together, whichever comes first.
TEST(Sizes, ClaimsGoByTheSameMean) {
  const auto text = answer(two_arms(2), of_other_ranks()).back().claim.text;
  EXPECT_NE(text.find("kept with more parameters"), std::string::npos) << text;
}

}  // namespace
}  // namespace ranklens::study
