#include "ranklens/report/estimate.h"

#include <array>
#include <cmath>

#include <gtest/gtest.h>

namespace ranklens::report {
namespace {

using study::SeedValue;

TEST(Estimate, HasTheStudentInterval) {
  const std::array values{SeedValue{1, 1}, SeedValue{2, 2}, SeedValue{3, 3}};
  const auto made = estimate(values);
  EXPECT_EQ(made.count, 3);
  EXPECT_EQ(made.mean, 2);
  // t(0.975, 2) / sqrt(3) = 4.302653 / 1.732051.
  EXPECT_NEAR(made.low, 2 - 2.484138, 1e-6);
  EXPECT_NEAR(made.high, 2 + 2.484138, 1e-6);
}

TEST(Estimate, OfOneValueHasNoIntervalAndOfNoneNothing) {
  const std::array one{SeedValue{7, 0.5}};
  EXPECT_EQ(estimate(one).mean, 0.5);
  EXPECT_EQ(estimate(one).count, 1);
  EXPECT_TRUE(std::isnan(estimate(one).low) && std::isnan(estimate(one).high));
  EXPECT_EQ(estimate(std::span<const SeedValue>{}).count, 0);
  EXPECT_TRUE(std::isnan(estimate(study::Summary{}).mean));
}

}  // namespace
}  // namespace ranklens::report
