#include "ranklens/study/student_t.h"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "ranklens/base/error.h"

namespace ranklens::study {
namespace {

struct Quantile {
  double probability, degrees, value;
};

// scipy 1.17.1, stats.t.ppf.
constexpr Quantile kScipy[] = {
    {.975, 1, 12.706204736174694}, {.975, 2, 4.302652729749462},     {.975, 4, 2.7764451051977934},
    {.995, 4, 4.604094871349992},  {.9, 9, 1.3830287383966329},      {.9999, 3, 22.203742273205},
    {.975, 29, 2.045229642132703}, {.975, 1000, 1.9623390808264083}, {.6, 2.5, 0.2814595127485477},
};

TEST(StudentT, QuantilesEqualScipys) {
  for (const auto& [p, degrees, value] : kScipy) {
    EXPECT_NEAR(student_t_quantile(p, degrees) / value, 1, 1e-12) << p << ", " << degrees;
    EXPECT_NEAR(student_t_quantile(1 - p, degrees) / value, -1, 1e-11) << p << ", " << degrees;
  }
}

TEST(StudentT, ClosedForms) {
  for (const double p : {1e-6, 0.01, 0.3, 0.5, 0.7, 0.99}) {
    const double cauchy = -1 / std::tan(std::numbers::pi * p);
    EXPECT_NEAR(student_t_quantile(p, 1), cauchy, 1e-11 * (1 + std::abs(cauchy)));
    const double two = (2 * p - 1) / std::sqrt(2 * p * (1 - p));
    EXPECT_NEAR(student_t_quantile(p, 2), two, 1e-11 * (1 + std::abs(two)));
  }
  // Many degrees of freedom: scipy's t and, 2.4e-6 below it, the normal
  // distribution's 1.95996398454.
  EXPECT_NEAR(student_t_quantile(0.975, 1e6), 1.9599663568, 1e-8);
}

TEST(StudentT, TailAndQuantileAreInverse) {
  for (const double degrees : {1.0, 3.5, 12.0, 500.0}) {
    for (const double t : {1e-9, 0.2, 1.0, 7.0, 40.0}) {
      EXPECT_NEAR(student_t_above(t, degrees) + student_t_above(-t, degrees), 1, 1e-14);
      const double tail = student_t_above(t, degrees);
      if (tail > 1e-12) {
        EXPECT_NEAR(student_t_quantile(tail, degrees), -t, 1e-9 * t + 1e-15);
      }
    }
  }
}

TEST(IncompleteBeta, EqualsScipysAndItsSymmetry) {
  EXPECT_NEAR(incomplete_beta(.5, 2, .3), 0.7394254526319747, 1e-13);
  EXPECT_NEAR(incomplete_beta(10, 3, .9), 0.889130022255, 1e-13);
  EXPECT_NEAR(incomplete_beta(2.5, .5, .999), 0.9463423453081866, 1e-13);
  EXPECT_NEAR(incomplete_beta(1, 4, .2), 1 - std::pow(.8, 4), 1e-14);
  EXPECT_NEAR(incomplete_beta(3, 7, .2) + incomplete_beta(7, 3, .8), 1, 1e-14);
  EXPECT_EQ(incomplete_beta(3, 7, 0), 0);
  EXPECT_EQ(incomplete_beta(3, 7, 1), 1);
}

TEST(StudentT, RefusesWhatIsNotDefined) {
  EXPECT_THROW(student_t_quantile(1, 4), base::Error);
  EXPECT_THROW(student_t_quantile(0, 4), base::Error);
  EXPECT_THROW(student_t_quantile(NAN, 4), base::Error);
  EXPECT_THROW(student_t_quantile(.9, 0), base::Error);
  EXPECT_THROW(incomplete_beta(1, 1, 1.5), base::Error);
}

}  // namespace
}  // namespace ranklens::study
