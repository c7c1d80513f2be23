// What small singular values do to integrators: nothing, where no equation divides by them. The
// matrix of Ceruti and Lubich (2022, section 5), A(t) = e^{tX} e^t D e^{tY}^T with D = diag(2^-i)
// and skew X, Y, followed to t = 1 by its increments.
#include <cmath>
#include <utility>
#include <vector>

#include <ATen/ops/linalg_inv.h>
#include <gtest/gtest.h>

#include "optim/low_rank/moving.h"

namespace ranklens::optim {
namespace {

using testing::along;
using testing::distance;

constexpr std::int64_t kSide = 100;
/// How fast the bases turn; an integrator that lags behind them lags the more.
constexpr double kSpeed = 0.4;

/// The distance of A(1) to the nearest matrix of a rank: the norm of e 2^-i, i > rank.
double best_of(std::int64_t rank) {
  return std::exp(1.0) * std::ldexp(1.0, -static_cast<int>(rank)) / std::sqrt(3.0);
}

class SmallSingularValues : public ::testing::Test {
 protected:
  /// A at k / 40 for k from 0 to 40.
  static void SetUpTestSuite() {
    std::vector<double> spectrum;
    for (int k = 1; k <= kSide; ++k) spectrum.push_back(std::ldexp(1.0, -k));
    const auto path = testing::moving(kSide, spectrum);
    for (int k = 0; k <= kMost; ++k) {
      const double t = k / double{kMost};
      points_.push_back(path.at_time(kSpeed * t) * std::exp(t));
    }
  }
  static void TearDownTestSuite() { points_.clear(); }

  /// How far from A(1) steps of one length end.
  template <class Follow>
  static double error(const Follow& follow, std::int64_t rank, int steps) {
    LowRank y = nearest(points_.front(), rank);
    const int stride = kMost / steps;
    for (int k = stride; k <= kMost; k += stride) {
      const auto after = static_cast<std::size_t>(k), before = static_cast<std::size_t>(k - stride);
      y = follow(y, points_[after] - points_[before]);
    }
    return distance(y.dense(), points_.back());
  }

  static auto by(const Integrator& integrator) {
    return [&integrator](const LowRank& y, const at::Tensor& increment) {
      return truncate_to(along(integrator, y, increment), y.rank()).matrix;
    };
  }

 private:
  static constexpr int kMost = 40;
  static inline std::vector<at::Tensor> points_;
};

/// An explicit Euler step of the equations of U, S and V (Koch and Lubich 2007, equations 2.2),
/// which divide by S.
LowRank by_factors(const LowRank& y, const at::Tensor& increment) {
  const auto k = at::matmul(increment, y.v), l = at::matmul(increment.t(), y.u);
  const auto s = at::matmul(y.u.t(), k), inverse = at::linalg_inv(y.s);
  const LowRank moved{y.u + at::matmul(k - at::matmul(y.u, s), inverse), y.s + s,
                      y.v + at::matmul(l - at::matmul(y.v, s.t()), inverse.t())};
  return orthonormal(moved);
}

// The distance of A(1) to the nearest matrix of each rank, whatever the length of the steps.
TEST_F(SmallSingularValues, DoNoHarm) {
  for (const auto& [rank, expected] :
       {std::pair<std::int64_t, double>{8, 6.2e-3}, {16, 2.4e-5}, {32, 3.8e-10}}) {
    for (const int steps : {10, 20, 40}) {
      for (const auto& integrator :
           {fixed_rank_bug(CoreGradient::held), augmented_bug(CoreGradient::held),
            projector_splitting(CoreGradient::held)}) {
        const double found = error(by(integrator), rank, steps);
        EXPECT_NEAR(found, expected, 0.05 * expected) << rank << ' ' << steps;
        EXPECT_GE(found, best_of(rank)) << rank << ' ' << steps;
      }
    }
  }
}

// At rank 8, where none is below 2^-8, the error is that of Euler's method, of first order; at 16
// they take what shorter steps would gain, and at 32 everything.
TEST_F(SmallSingularValues, AreDeadlyWhereOneDividesByThem) {
  double before = 0;
  for (const int steps : {10, 20, 40}) {
    const double mild = error(by_factors, 8, steps), bad = error(by_factors, 16, steps),
                 worst = error(by_factors, 32, steps);
    EXPECT_GT(mild, 1e-2) << steps;
    EXPECT_LT(mild, 1e-1) << steps;
    if (before > 0) {
      EXPECT_NEAR(before / mild, 2, 0.2) << steps;
    }
    before = mild;
    EXPECT_GT(bad, 1e-2) << steps;
    EXPECT_LT(bad, 1) << steps;
    EXPECT_GT(worst, 1e4) << steps;
    EXPECT_LT(worst, 1e7) << steps;
  }
}

// What the parallel step leaves out is of second order in its length, whatever the rank.
TEST_F(SmallSingularValues, LetTheParallelStepLagBehind) {
  for (const auto& [steps, expected] : {std::pair{10, 1.8e-3}, {20, 5.8e-4}, {40, 2.3e-4}}) {
    EXPECT_NEAR(error(by(parallel_bug()), 16, steps), expected, 0.15 * expected) << steps;
  }
}

}  // namespace
}  // namespace ranklens::optim
