#include "ranklens/study/questions.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "study/cells.h"

namespace ranklens::study {
namespace {

using ::testing::HasSubstr;

std::vector<Answer> answers(const Config& config, double level) {
  return answer(config, made_up_cells(config, level));
}

const Answer& about(const std::vector<Answer>& all, const std::string& part) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Answer& one) {
    return one.claim.text.find(part) != std::string::npos;
  });
  if (found == all.end()) throw std::runtime_error("no claim about " + part);
  return *found;
}

const std::vector<std::string> kClaims{
    "training loss falls faster",        "held-out loss falls faster",
    "Grad-CAM maps lie more on the",     "Grad-CAM maps are more concentrated",
    "SmoothGrad maps lie more on the",   "SmoothGrad maps are more concentrated",
    "Grad-CAM and SmoothGrad agree more"};

TEST(Questions, AllAreAskedOfEveryArmButTheReference) {
  auto config = two_arms();
  auto all = answers(config, 0);
  EXPECT_EQ(all.size(), kClaims.size() + 1);
  for (const auto& one : all) {
    EXPECT_EQ(one.arm, "tt");
    EXPECT_EQ(one.reference, "dense");
    EXPECT_THAT(one.claim.text, HasSubstr("TT (published head): "));
    EXPECT_FALSE(one.measure.empty());
  }
  config.arms.push_back("low-rank");
  EXPECT_EQ(answers(config, 0).size(), 2 * (kClaims.size() + 1));
}

TEST(Questions, ABetterArmSupportsEveryClaim) {
  const auto all = answers(two_arms(), 0.1);
  for (const auto& claim : kClaims)
    EXPECT_EQ(about(all, claim).verdict.outcome, Outcome::supported) << claim;
  const auto& kept = about(all, "accuracy is kept");
  EXPECT_EQ(kept.verdict.outcome, Outcome::supported);
  EXPECT_NEAR(kept.verdict.difference.mean, 10, 0.2) << "in percentage points";
  EXPECT_EQ(kept.unit, "percentage points");
  EXPECT_EQ(kept.accuracy.outcome, Outcome::contradicted) << "better is not matched";
}

/// Cells in which the maps of "tt" are better than the reference's, after a change to them.
std::vector<Answer> better_maps(const std::function<void(Cell&)>& change) {
  const auto config = two_arms();
  auto cells = made_up_cells(config, 0.1);
  for (auto& cell : cells) change(cell);
  return answer(config, cells);
}

TEST(Questions, MapsMustBeatRandomMapsAndTheUntrainedNetwork) {
  const auto expect_undecided = [](const std::vector<Answer>& all, const std::string& claim,
                                   const std::string& reason) {
    const auto& verdict = about(all, claim).verdict;
    EXPECT_EQ(verdict.outcome, Outcome::undecided) << claim;
    EXPECT_EQ(verdict.tendency, Outcome::undecided) << claim;
    EXPECT_THAT(verdict.reason, HasSubstr(reason));
    // The others stand.
    EXPECT_EQ(about(all, "training loss").verdict.outcome, Outcome::supported);
    EXPECT_EQ(about(all, "SmoothGrad maps are more").verdict.outcome, Outcome::supported);
  };
  expect_undecided(better_maps([](Cell& cell) { cell.scores["random"]["mass_accuracy"] = 0.9; }),
                   "Grad-CAM maps lie more on the",
                   "; but the Grad-CAM maps of TT (published head) are not shown to beat random "
                   "maps (−0.499 [−0.5, −0.498])");
  // Noise spread over an image has a Gini index of 1/3 wherever it lies: no control of this number.
  const auto noisy = better_maps([](Cell& cell) { cell.scores["random"]["gini"] = 0.9; });
  EXPECT_EQ(about(noisy, "Grad-CAM maps are more conc").verdict.outcome, Outcome::supported);
  expect_undecided(better_maps([](Cell& cell) { cell.scores["gradcam untrained"]["gini"] = 0.6; }),
                   "Grad-CAM maps are more concentrated",
                   "are not shown to beat those of the untrained network (−0.0");
  expect_undecided(better_maps([](Cell& cell) { cell.scores.erase("gradcam untrained"); }),
                   "Grad-CAM maps are more concentrated",
                   "those of the untrained network (not measured)");
}

TEST(Questions, TheReferencesControlsDoNotMatter) {
  const auto all = better_maps([](Cell& cell) {
    if (cell.arm == "dense") cell.scores["gradcam untrained"] = {{"mass_accuracy", 1}, {"gini", 1}};
  });
  EXPECT_EQ(about(all, "Grad-CAM maps lie more on").verdict.outcome, Outcome::supported);
}

TEST(Questions, AgreementMustBeatUnrelatedMapsAndWhereMeasuredTheUntrainedNetwork) {
  const auto& claim = "agree more";
  const auto negative = better_maps([](Cell& cell) {
    cell.agreement["gradcam~smoothgrad"]["spearman"] -= 0.5;  // still more than the reference's
  });
  EXPECT_EQ(about(negative, claim).verdict.outcome, Outcome::undecided);
  EXPECT_THAT(about(negative, claim).verdict.reason,
              HasSubstr("Grad-CAM and SmoothGrad of TT (published head) are not shown to beat the "
                        "agreement of two unrelated maps (−0.299"));
  const auto with_untrained = [](double spearman) {
    return better_maps([=](Cell& cell) {
      cell.agreement["gradcam~smoothgrad untrained"] = {{"spearman", spearman}};
    });
  };
  EXPECT_EQ(about(with_untrained(0.1), claim).verdict.outcome, Outcome::supported);
  EXPECT_THAT(about(with_untrained(0.4), claim).verdict.reason,
              HasSubstr("beat their agreement on the untrained network (−0.199"));
}

TEST(Questions, AWorseArmContradictsEveryClaim) {
  const auto all = answers(two_arms(), -0.1);
  for (const auto& claim : kClaims)
    EXPECT_EQ(about(all, claim).verdict.outcome, Outcome::contradicted) << claim;
  EXPECT_EQ(about(all, "accuracy is kept").verdict.outcome, Outcome::contradicted);
}

TEST(Questions, EqualArmsLeaveDifferencesUndecidedAndKeepTheAccuracy) {
  const auto all = answers(two_arms(), 0);
  for (const auto& claim : kClaims)
    EXPECT_EQ(about(all, claim).verdict.outcome, Outcome::undecided) << claim;
  EXPECT_EQ(about(all, "accuracy is kept").verdict.outcome, Outcome::supported);
  EXPECT_EQ(all.front().accuracy.outcome, Outcome::supported);
}

TEST(Questions, LossesAreTheMeanOverTheEpochs) {
  const auto config = two_arms(1);
  const auto all = answers(config, 0.1);
  const auto& samples = about(all, "training loss").samples;
  // Seeds move the level by 0.001 each: 2 - 0.001 - 0.15, and less 0.1 + 0.001 for the better arm.
  EXPECT_NEAR(samples.second_values.at(0), 1.849, 1e-12);
  EXPECT_NEAR(samples.first_values.at(0), 1.748, 1e-12);
  EXPECT_NEAR(about(all, "held-out loss").samples.second_values.at(0), 1.949, 1e-12);
}

TEST(Questions, ReducedEpochsLeaveConvergedAccuracyUndecided) {
  auto config = two_arms();
  config.full_epochs = 10;
  const auto all = answers(config, 0.1);
  const auto& kept = about(all, "accuracy is kept").verdict;
  EXPECT_EQ(kept.outcome, Outcome::undecided);
  EXPECT_EQ(kept.tendency, Outcome::supported);
  EXPECT_THAT(kept.reason, HasSubstr("2 of 10 epochs"));
  EXPECT_EQ(about(all, "training loss").verdict.outcome, Outcome::supported);
}

TEST(Questions, FewerParametersAreClaimedOnlyWhereTheyAreFewer) {
  const auto config = two_arms();
  auto cells = made_up_cells(config, 0);
  EXPECT_THAT(answer(config, cells).back().claim.text, HasSubstr("kept with fewer parameters"));
  for (auto& cell : cells) cell.parameters = cell.arm == "tt" ? 2000 : 1000;
  EXPECT_THAT(answer(config, cells).back().claim.text, HasSubstr("kept with more parameters"));
}

/// "slow" has the better losses epoch by epoch, and takes ten times as long for an epoch.
std::vector<Answer> of_a_slow_optimiser(const std::string& recipe) {
  auto config = two_arms();
  config.recipes = {recipe};
  config.arms = {"dense", "slow"};
  std::vector<Cell> cells;
  for (const auto seed : config.seeds) {
    cells.push_back(made_up_cell(config, "dense", seed, 0));
    cells.push_back(made_up_cell(config, "slow", seed + 1, 0.05));
    cells.back().seed = seed;
    for (auto& epoch : cells.back().history) epoch.seconds *= 10;
  }
  return answer(config, cells);
}

TEST(Questions, AnotherOptimiserIsJudgedBySecondsToo) {
  const auto all = of_a_slow_optimiser("slow = dense @ sgd(lr=0.1)");
  EXPECT_EQ(all.size(), kClaims.size() + 2);
  const auto& epochs = about(all, "training loss falls faster, epoch by epoch");
  EXPECT_EQ(epochs.verdict.outcome, Outcome::supported);
  // After the 3 seconds that both trained, one is in its first epoch and the other at its end.
  const auto& seconds = about(all, "training loss falls faster, second by second");
  EXPECT_NEAR(seconds.samples.second_values.at(0), 2 - 0.001 - 0.15, 1e-12);
  EXPECT_NEAR(seconds.samples.first_values.at(0), 2 - 0.052 - 0.1, 1e-12);
  EXPECT_NEAR(seconds.verdict.difference.mean, 0, 0.01);
  EXPECT_EQ(seconds.unit, "nats");
}

TEST(Questions, TheSameOptimiserUnderAnotherNetworkIsJudgedByEpochsAlone) {
  const auto all = of_a_slow_optimiser("slow = tt");
  EXPECT_EQ(all.size(), kClaims.size() + 1);
  EXPECT_EQ(about(all, "training loss").claim.text, "slow: the training loss falls faster");
}

TEST(Questions, FewSeedsLeaveATendency) {
  const auto all = answers(two_arms(3), 0.1);
  for (const auto& one : all) {
    EXPECT_EQ(one.verdict.outcome, Outcome::undecided) << one.claim.text;
    EXPECT_EQ(one.verdict.tendency, Outcome::supported) << one.claim.text;
  }
}

// What is left out went worst: five good seeds of six are no five seeds.
TEST(Questions, ATrainingThatDivergedLeavesItsArmsClaimsUndecided) {
  auto config = two_arms(6);
  config.arms.push_back("low-rank");
  auto cells = made_up_cells(config, 0.1);
  for (const auto seed : config.seeds) {
    cells.push_back(made_up_cell(config, "low-rank", seed + 1, 0.1));
    cells.back().seed = seed;
  }
  auto& failed = cells[3];  // tt, seed 2
  failed.failure = "the loss became nan";
  failed.accuracy = 0;
  failed.scores.clear();
  for (const auto& one : answer(config, cells)) {
    if (one.arm == "low-rank") {
      EXPECT_EQ(one.verdict.outcome, Outcome::supported) << one.claim.text;
      continue;
    }
    EXPECT_EQ(one.samples.seeds, (std::vector<std::uint64_t>{1, 3, 4, 5, 6})) << one.claim.text;
    EXPECT_EQ(one.verdict.outcome, Outcome::undecided);
    EXPECT_EQ(one.verdict.tendency, Outcome::undecided);
    EXPECT_EQ(one.accuracy.tendency, Outcome::undecided);
    EXPECT_THAT(one.verdict.reason,
                HasSubstr("; but TT (published head) from seed 2 diverged: what is missing may be "
                          "what went worst"));
    EXPECT_EQ(one.verdict.difference.count, 5);
  }
  failed.arm = "dense";
  cells[2].arm = "tt";
  for (const auto& one : answer(config, cells))
    EXPECT_EQ(one.verdict.outcome, Outcome::undecided) << one.arm << ": the reference's counts too";
}

TEST(Questions, ALossThatIsNotFiniteLeavesItsClaimUndecided) {
  const auto config = two_arms(6);
  auto cells = made_up_cells(config, 0.1);
  cells[4].history.front().validation_loss = std::nan("");  // dense, seed 3
  cells[7].history.back().validation_loss = INFINITY;       // tt, seed 4
  const auto all = answer(config, cells);
  const auto& verdict = about(all, "held-out loss").verdict;
  EXPECT_EQ(verdict.outcome, Outcome::undecided);
  EXPECT_EQ(verdict.tendency, Outcome::undecided);
  EXPECT_THAT(verdict.reason,
              HasSubstr("; but dense from seed 3 has no finite value, TT (published head) from "
                        "seed 4 has no finite value: what is missing may be what went worst"));
  EXPECT_EQ(about(all, "training loss").verdict.outcome, Outcome::supported);
}

TEST(Questions, WithoutMasksOnlyConcentrationIsAsked) {
  const auto config = two_arms();
  auto cells = made_up_cells(config, 0.1);
  for (auto& cell : cells) {
    for (auto& [method, values] : cell.scores) values.erase("mass_accuracy");
  }
  const auto all = answer(config, cells);
  EXPECT_EQ(all.size(), kClaims.size() + 1 - 2);
  EXPECT_EQ(about(all, "Grad-CAM maps are more concentrated").verdict.outcome, Outcome::supported);
}

TEST(Questions, MissingNumbersLeaveTheirSeedOut) {
  const auto config = two_arms();
  auto cells = made_up_cells(config, 0.1);
  cells[2].agreement.clear();
  cells[4].history.clear();
  const auto all = answer(config, cells);
  EXPECT_EQ(about(all, "agree more").samples.seeds, (std::vector<std::uint64_t>{1, 3, 4, 5}));
  EXPECT_EQ(about(all, "held-out loss").samples.seeds, (std::vector<std::uint64_t>{1, 2, 4, 5}));
  EXPECT_EQ(about(all, "accuracy is kept").samples.seeds.size(), 5u);
}

TEST(Questions, NoCellsAtAllAreUndecided) {
  for (const auto& one : answer(two_arms(), {})) {
    EXPECT_EQ(one.verdict.outcome, Outcome::undecided);
    EXPECT_THAT(one.verdict.reason, HasSubstr("no seed in common"));
  }
}

}  // namespace
}  // namespace ranklens::study
