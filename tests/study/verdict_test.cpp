#include "ranklens/study/verdict.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ranklens/base/error.h"

namespace ranklens::study {
namespace {

using ::testing::HasSubstr;

// Arms tt and dense with the given differences over seeds 10, 11, ...
PairedSamples with(const std::vector<double>& differences) {
  PairedSamples samples{.first = "tt", .second = "dense"};
  for (std::size_t i = 0; i < differences.size(); ++i) {
    samples.seeds.push_back(10 + i);
    samples.first_values.push_back(0.5 + differences[i]);
    samples.second_values.push_back(0.5);
  }
  return samples;
}

// Interval [0.0211, 0.0589], its mirror image, and one around zero.
const PairedSamples kAbove = with({.02, .03, .04, .05, .06});
const PairedSamples kBelow = with({-.02, -.03, -.04, -.05, -.06});
const PairedSamples kAround = with({-.02, .03, -.04, .05, .01});
const Claim kMore{.text = "the maps of tt are more localised"};
const Claim kLess{.text = "the loss of tt is lower", .relation = Relation::less};

TEST(Judge, AllThreeOutcomesInBothDirections) {
  EXPECT_EQ(judge(kMore, kAbove).outcome, Outcome::supported);
  EXPECT_EQ(judge(kMore, kBelow).outcome, Outcome::contradicted);
  EXPECT_EQ(judge(kMore, kAround).outcome, Outcome::undecided);
  EXPECT_EQ(judge(kLess, kBelow).outcome, Outcome::supported);
  EXPECT_EQ(judge(kLess, kAbove).outcome, Outcome::contradicted);
  EXPECT_EQ(judge(kLess, kAround).outcome, Outcome::undecided);
}

TEST(Judge, TheReasonHasSeedsDifferenceAndInterval) {
  const Verdict verdict = judge(kMore, kAbove);
  EXPECT_EQ(verdict.reason,
            "tt − dense is +0.04 over 5 seeds and its 95 % interval [+0.0204, +0.0596] lies above "
            "0");
  EXPECT_NEAR(verdict.difference.lower, 0.04 - 2.7764451051977934 * std::sqrt(.00025 / 5), 1e-14);
  EXPECT_GT(verdict.effect, 1);
  EXPECT_FALSE(verdict.preliminary());
  EXPECT_THAT(judge(kMore, kBelow).reason, HasSubstr("lies below 0"));
  EXPECT_THAT(judge(kMore, kAround).reason, HasSubstr("contains 0"));
}

TEST(Judge, NumbersCarryTheirUnitAndARealMinus) {
  Claim claim{.text = "accuracy is kept", .unit = "percentage points", .threshold = -2};
  const Verdict verdict = judge(claim, with({-5, -6, -7, -6, -5.5}));
  EXPECT_THAT(verdict.reason, HasSubstr("tt − dense is −5.9 percentage points over 5 seeds"));
  EXPECT_THAT(verdict.reason, HasSubstr("interval [−6.82, −4.98] lies below −2"));
  EXPECT_EQ(verdict.reason.find('-'), std::string::npos);
  EXPECT_THAT(judge(kMore, with({-1e-7, -2e-7, -1.5e-7})).reason, HasSubstr("−1.5e−07"));
}

TEST(Judge, TheIntervalDecidesNotTheMean) {
  // The mean is clearly positive, the interval at 95 % is not; at 80 % it is.
  const PairedSamples samples = with({.05, .02, -.01, .06, .09});
  EXPECT_EQ(judge(kMore, samples).outcome, Outcome::undecided);
  Claim lenient = kMore;
  lenient.level = .8;
  EXPECT_EQ(judge(lenient, samples).outcome, Outcome::supported);
}

TEST(Judge, FewSeedsAreOnlyPreliminary) {
  const Verdict verdict = judge(kMore, with({.03, .04, .05}));
  EXPECT_EQ(verdict.outcome, Outcome::undecided);
  EXPECT_EQ(verdict.tendency, Outcome::supported);
  EXPECT_TRUE(verdict.preliminary());
  EXPECT_THAT(verdict.reason, HasSubstr("; 5 seeds are needed"));
  EXPECT_EQ(judge(kMore, with({.03, .04, .05, .04})).outcome, Outcome::undecided);
  Claim fewer = kMore;
  fewer.needed_seeds = 3;
  EXPECT_EQ(judge(fewer, with({.03, .04, .05})).outcome, Outcome::supported);
}

TEST(Judge, ReducedEpochsSayNothingAboutConvergence) {
  PairedSamples samples = kAbove;
  samples.epochs = 12;
  samples.full_epochs = 50;
  EXPECT_EQ(judge(kMore, samples).outcome, Outcome::supported);  // not a claim about convergence
  Claim converged = kMore;
  converged.at_convergence = true;
  const Verdict reduced = judge(converged, samples);
  EXPECT_EQ(reduced.outcome, Outcome::undecided);
  EXPECT_EQ(reduced.tendency, Outcome::supported);
  EXPECT_THAT(reduced.reason, HasSubstr("12 of 50 epochs"));
  samples.epochs = 50;
  EXPECT_EQ(judge(converged, samples).outcome, Outcome::supported);
}

// The arm's own values beside a control's, over the same seeds.
PairedSamples control(const std::string& name, const std::vector<double>& differences) {
  auto samples = with(differences);
  samples.first = "the maps of tt";
  samples.second = name;
  return samples;
}

TEST(Judge, ControlsThatAreBeatenChangeNothing) {
  const std::vector controls{control("random maps", {.2, .21, .19, .2, .22}),
                             control("edges", {.01, .02, .01, .02, .03})};
  for (const auto& samples : {kAbove, kBelow, kAround}) {
    const auto with_controls = judge(kMore, samples, controls), without = judge(kMore, samples);
    EXPECT_EQ(with_controls.outcome, without.outcome);
    EXPECT_EQ(with_controls.tendency, without.tendency);
    EXPECT_EQ(with_controls.reason, without.reason);
  }
}

TEST(Judge, NothingIsSupportedThatDoesNotBeatItsControls) {
  const auto beaten = control("random maps", {.2, .21, .19, .2, .22});
  for (const auto& values :
       {std::vector<double>{-.02, .03, -.04, .05, .01},                      // as good
        std::vector<double>{-.2, -.21, -.19, -.2, -.22},                     // worse
        std::vector<double>{.3},                                             // no interval
        std::vector<double>{.2, .2, NAN, .2, .2}, std::vector<double>{}}) {  // not measured
    const std::vector controls{beaten, control("those of the untrained network", values)};
    const Verdict verdict = judge(kMore, kAbove, controls);
    EXPECT_EQ(verdict.outcome, Outcome::undecided);
    EXPECT_FALSE(verdict.preliminary()) << "no rule forbids an answer: there is none";
    EXPECT_THAT(verdict.reason, HasSubstr("lies above 0; but the maps of tt are not shown to beat "
                                          "those of the untrained network ("));
    EXPECT_THAT(verdict.reason, ::testing::Not(HasSubstr("random")));
    // What is contradicted or undecided stays so, and needs no such reason.
    EXPECT_EQ(judge(kMore, kBelow, controls).outcome, Outcome::contradicted);
    EXPECT_EQ(judge(kMore, kBelow, controls).reason, judge(kMore, kBelow).reason);
    EXPECT_EQ(judge(kMore, kAround, controls).reason, judge(kMore, kAround).reason);
  }
  EXPECT_THAT(
      judge(kMore, kAbove, std::vector{control("a", {-.1, 0, .1}), control("b", {.3})}).reason,
      HasSubstr("beat a (+0 [−0.248, +0.248]) nor b (a single seed)"));
}

TEST(Judge, ControlsOfALowerNumberMustBeHigher) {
  const std::vector lower{control("random maps", {-.2, -.21, -.19, -.2, -.22})};
  const std::vector higher{control("random maps", {.2, .21, .19, .2, .22})};
  EXPECT_EQ(judge(kLess, kBelow, lower).outcome, Outcome::supported);
  EXPECT_EQ(judge(kLess, kBelow, higher).outcome, Outcome::undecided);
}

TEST(Judge, FewSeedsThatDoNotBeatTheirControlsHaveNoTendency) {
  const auto few = with({.03, .04, .05});
  EXPECT_EQ(judge(kMore, few, std::vector{control("a", {.2, .21, .19})}).tendency,
            Outcome::supported);
  const Verdict verdict = judge(kMore, few, std::vector{control("a", {-.2, .21, .19})});
  EXPECT_EQ(verdict.tendency, Outcome::undecided);
  EXPECT_THAT(verdict.reason, HasSubstr("not shown to beat a"));
  EXPECT_THAT(verdict.reason, HasSubstr("; 5 seeds are needed"));
}

TEST(Judge, AThresholdMakesNonInferiority) {
  // Accuracy is kept within one point: the interval [-0.0072, 0.0032] lies above -0.01.
  const Claim kept{.text = "accuracy is kept", .threshold = -.01};
  EXPECT_EQ(judge(kept, with({-.002, 0, .003, -.008, -.003})).outcome, Outcome::supported);
  EXPECT_EQ(judge(kept, with({-.02, -.03, -.025, -.03, -.02})).outcome, Outcome::contradicted);
  EXPECT_EQ(judge(kept, with({-.02, 0, .01, -.03, -.01})).outcome, Outcome::undecided);
}

TEST(AccuracyMatched, ByTheWholeInterval) {
  const Verdict matched = accuracy_matched(with({.001, -.002, .003, 0, -.001}), .01);
  EXPECT_EQ(matched.outcome, Outcome::supported);
  EXPECT_THAT(matched.reason, HasSubstr("lies within ±0.01"));
  EXPECT_EQ(accuracy_matched(with({.05, .06, .055, .05, .06}), .01).outcome, Outcome::contradicted);
  EXPECT_EQ(accuracy_matched(with({-.05, -.06, -.055, -.05, -.06}), .01).outcome,
            Outcome::contradicted);
  // A small mean with a wide interval is no match.
  const Verdict wide = accuracy_matched(with({.03, -.03, .02, -.02, .001}), .01);
  EXPECT_EQ(wide.outcome, Outcome::undecided);
  EXPECT_THAT(wide.reason, HasSubstr("reaches beyond ±0.01"));
  EXPECT_THROW(accuracy_matched(kAbove, 0), base::Error);
}

TEST(Judge, OneSeedIsUndecided) {
  const Verdict verdict = judge(kMore, with({.5}));
  EXPECT_EQ(verdict.outcome, Outcome::undecided);
  EXPECT_EQ(verdict.tendency, Outcome::undecided);
  EXPECT_THAT(verdict.reason, HasSubstr("a single seed"));
  EXPECT_EQ(judge(kMore, with({})).outcome, Outcome::undecided);
  EXPECT_EQ(judge(kMore, with({})).reason, "tt and dense have no seed in common");
}

TEST(Judge, ZeroVarianceIsAPoint) {
  // Differences that are exact in binary.
  EXPECT_EQ(judge(kMore, with({.25, .25, .25, .25, .25})).outcome, Outcome::supported);
  EXPECT_EQ(judge(kMore, with({0, 0, 0, 0, 0})).outcome, Outcome::undecided);
  EXPECT_EQ(judge(kLess, with({.25, .25, .25, .25, .25})).outcome, Outcome::contradicted);
}

TEST(Judge, AValueThatIsNoNumberLeavesItUndecided) {
  const Verdict verdict = judge(kMore, with({.1, NAN, .1, .1, .1, .1}));
  EXPECT_EQ(verdict.outcome, Outcome::undecided);
  EXPECT_EQ(verdict.tendency, Outcome::undecided);
  EXPECT_EQ(verdict.reason, "seed 11 has no finite value for tt or dense");
}

TEST(Judge, LostSeedsLeaveItUndecidedWhateverTheOthersSay) {
  for (auto samples : {kAbove, kBelow, kAround}) {
    const auto complete = judge(kMore, samples);
    samples.lost = {"tt from seed 7 diverged", "dense from seed 8 has no finite value"};
    const Verdict verdict = judge(kMore, samples);
    EXPECT_EQ(verdict.outcome, Outcome::undecided);
    EXPECT_EQ(verdict.tendency, Outcome::undecided);
    EXPECT_EQ(verdict.reason, complete.reason +
                                  "; but tt from seed 7 diverged, dense from seed 8 has no finite "
                                  "value: what is missing may be what went worst");
  }
  PairedSamples none{.first = "tt", .second = "dense"};
  none.lost = {"tt from seed 7 diverged"};
  EXPECT_EQ(judge(kMore, none).reason,
            "tt and dense have no seed in common; but tt from seed 7 diverged: what is missing may "
            "be what went worst");
}

TEST(Judge, UnequalListsAreAnError) {
  PairedSamples broken = kAbove;
  broken.second_values.pop_back();
  EXPECT_THROW(judge(kMore, broken), base::Error);
}

}  // namespace
}  // namespace ranklens::study
