// The film of a pendulum, and its last frames followed one by one.
#include "ranklens/study/pendulum/film.h"

#include <cmath>
#include <vector>

#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include "ranklens/study/pendulum/track.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::study::pendulum {
namespace {

// From 0.5 rad to the left of the lowest point; rows of pixels go downward from 1 to -1.
TEST(Film, HasItsBobWhereTheAngleSays) {
  constexpr std::int64_t kSide = 41;
  const auto first = film({.angle = -0.5}, 0.01, 2, kSide)[0];
  const auto brightest = first.argmax().item<std::int64_t>();
  const std::int64_t row = brightest / kSide, column = brightest % kSide;
  const double x = 0.8 * std::sin(-0.5), y = -0.8 * std::cos(-0.5);
  EXPECT_NEAR(static_cast<double>(column), 20 * (1 + x), 0.51);
  EXPECT_NEAR(static_cast<double>(row), 20 * (1 - y), 0.51);
  EXPECT_LE(first.max().item<double>(), 1);
  EXPECT_GE(first.min().item<double>(), 0);
}

/// The windows that frames come into, each in the place of the oldest.
std::vector<at::Tensor> windows_of(const at::Tensor& pictures, std::int64_t window) {
  std::vector<at::Tensor> found{pictures.narrow(0, 0, window).t().contiguous()};
  for (std::int64_t frame = window; frame < pictures.size(0); ++frame) {
    found.push_back(found.back().clone());
    found.back().select(1, frame % window).copy_(pictures[frame]);
  }
  return found;
}

// Against singular values of each window, and against the same integrator on dense increments.
TEST(Film, IsFollowedNearlyAsWellAsItsRankAllows) {
  constexpr std::int64_t kWindow = 30;
  const auto pictures = film({}, 0.01, 90, 24);
  const auto windows = windows_of(pictures, kWindow);
  for (const std::int64_t rank : {3, 6}) {
    SCOPED_TRACE(rank);
    const auto found = follow(pictures, kWindow, rank);
    const auto dense = track(windows, {.tracker = Tracker::augmented_bug, .rank = rank});
    ASSERT_EQ(found.steps, 60);
    ASSERT_EQ(found.errors.size(), 60U);
    ASSERT_EQ(found.best_errors.size(), 60U);
    for (std::size_t k = 0; k < 60; ++k) {
      const auto& window = windows[k + 1];
      const auto error_of = [&](const optim::LowRank& y) {
        return tn::frobenius(y.dense() - window) / tn::frobenius(window);
      };
      EXPECT_NEAR(found.best_errors[k], error_of(optim::nearest(window, rank)), 1e-12) << k;
      EXPECT_NEAR(found.errors[k], error_of(dense[k + 1]), 1e-9) << k;
      EXPECT_GE(found.errors[k], found.best_errors[k] * (1 - 1e-12)) << k;
      EXPECT_LT(found.errors[k], 4 * found.best_errors[k]) << k;
      EXPECT_LT(optim::orthogonality_error(dense[k + 1]), 1e-12) << k;
    }
  }
}

}  // namespace
}  // namespace ranklens::study::pendulum
