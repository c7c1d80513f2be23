#include "ranklens/study/printed.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>

namespace ranklens::study {
namespace {

using ::testing::HasSubstr;

const Claim kAbove{.text = "ours is above the printed one"};
const std::vector<double> kOurs{98.2, 98.5, 98.3, 98.45, 98.6};

AgainstPrinted against(const std::vector<double>& values, const Printed& printed) {
  AgainstPrinted samples{.first = "ours", .second = "the printed mean", .printed = printed};
  for (std::size_t k = 0; k < values.size(); ++k) samples.values.push_back({k + 1, values[k]});
  return samples;
}

// SciPy's ttest_ind(equal_var=False).confidence_interval() of {3, 4, 1, 2.1} and {490.2, 340,
// 433.9}, and the same from the means and deviations of another pair.
TEST(Printed, IntervalIsThatOfWelch) {
  const auto far =
      difference_to(std::vector<double>{3, 4, 1, 2.1},
                    {.mean = 421.3666666666666, .deviation = 75.8803224382536, .runs = 3});
  EXPECT_EQ(far.count, 4);
  EXPECT_NEAR(far.mean, -418.84166666666664, 1e-9);
  EXPECT_NEAR(far.lower, -607.2819819899806, 1e-7);
  EXPECT_NEAR(far.upper, -230.40135134335262, 1e-7);
  const auto near = difference_to(kOurs, {.mean = 98.139, .deviation = .329, .runs = 5});
  EXPECT_NEAR(near.mean, 0.271, 1e-12);
  EXPECT_NEAR(near.upper - near.mean, 0.4038122073012536, 1e-9);
  // sqrt(n) times the standard error.
  EXPECT_NEAR(near.deviation, std::sqrt(0.0255 + 0.329 * 0.329), 1e-12);
}

TEST(Printed, WithoutASpreadTheMeanIsExact) {
  const auto own = summarise(kOurs);
  for (const Printed& printed : {Printed{.mean = 98}, Printed{.mean = 98, .deviation = .3},
                                 Printed{.mean = 98, .runs = 5}}) {
    const auto difference = difference_to(kOurs, printed);
    EXPECT_NEAR(difference.lower, own.lower - 98, 1e-12);
    EXPECT_NEAR(difference.upper, own.upper - 98, 1e-12);
    EXPECT_EQ(difference.deviation, own.deviation);
  }
}

TEST(Printed, ASpreadMayTakeTheAnswerBack) {
  const auto exact = judge(kAbove, against(kOurs, {.mean = 98.139}));
  EXPECT_EQ(exact.outcome, Outcome::supported);
  const auto spread = judge(kAbove, against(kOurs, {.mean = 98.139, .deviation = .329, .runs = 5}));
  EXPECT_EQ(spread.outcome, Outcome::undecided);
  EXPECT_THAT(spread.reason, HasSubstr("ours − the printed mean is +0.271 over 5 seeds"));
  EXPECT_THAT(spread.reason, HasSubstr("[−0.133, +0.675] contains 0"));
  // 0.271 over the root mean square of both deviations, times gamma(4) / (2 gamma(3.5)).
  EXPECT_NEAR(spread.effect, 0.94600, 1e-4);
  EXPECT_EQ(judge(kAbove, against(kOurs, {.mean = 99.5, .deviation = .329, .runs = 5})).outcome,
            Outcome::contradicted);
}

TEST(Printed, RulesOfOtherVerdictsHold) {
  const Printed printed{.mean = 97, .deviation = .3, .runs = 5};
  const auto few = judge(kAbove, against({98.2, 98.3, 98.4}, printed));
  EXPECT_EQ(few.outcome, Outcome::undecided);
  EXPECT_EQ(few.tendency, Outcome::supported);
  EXPECT_THAT(few.reason, HasSubstr("5 seeds are needed"));
  auto lost = against(kOurs, printed);
  lost.lost = {"ours from seed 6 diverged"};
  EXPECT_EQ(judge(kAbove, lost).tendency, Outcome::undecided);
  EXPECT_THAT(judge(kAbove, lost).reason, HasSubstr("seed 6 diverged"));
  EXPECT_EQ(judge(kAbove, against({}, printed)).difference.count, 0);
  const auto broken = judge(kAbove, against({98, std::nan("")}, printed));
  EXPECT_THAT(broken.reason, HasSubstr("seed 2 has no finite value"));
  const auto one = judge(kAbove, against({98}, printed));
  EXPECT_EQ(one.outcome, Outcome::undecided);
  EXPECT_EQ(one.difference.upper, std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace ranklens::study
