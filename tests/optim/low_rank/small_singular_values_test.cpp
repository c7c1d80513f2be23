// What small singular values do to integrators: nothing, where no equation divides by them. The
// matrix of Ceruti and Lubich (2022, section 5), A(t) = e^{tX} e^t D e^{tY}^T with D = diag(2^-i)
// and skew X, Y, followed to t = 1 by its increments.
#include <cmath>
#include <vector>

#include <ATen/ops/linalg_inv.h>
#include <gtest/gtest.h>

#include "optim/low_rank/moving.h"

namespace ranklens::optim {
namespace {

using testing::along;
using testing::distance;

constexpr std::int64_t kSide = 100;

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
      points_.push_back(path.at_time(k / double{kMost}) * std::exp(k / double{kMost}));
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

TEST_F(SmallSingularValues, DoNoHarm) {
  for (const std::int64_t rank : {8, 16, 32}) {
    for (const int steps : {10, 20, 40}) {
      for (const auto& integrator :
           {fixed_rank_bug(CoreGradient::held), augmented_bug(CoreGradient::held),
            projector_splitting(CoreGradient::held)}) {
        EXPECT_LT(error(by(integrator), rank, steps), 1.5 * best_of(rank)) << rank << ' ' << steps;
      }
    }
  }
}

TEST_F(SmallSingularValues, AreDeadlyWhereOneDividesByThem) {
  for (const std::int64_t rank : {16, 32}) {
    for (const int steps : {10, 20, 40}) {
      const double found = error(by_factors, rank, steps);
      EXPECT_GT(found, 100 * best_of(rank)) << rank << ' ' << steps;
      if (rank == 32) {
        EXPECT_GT(found, 1e4) << steps;
      }
    }
  }
}

// What the parallel step leaves out is of second order in its length, whatever the rank.
TEST_F(SmallSingularValues, LetTheParallelStepLagBehind) {
  double before = 1;
  for (const int steps : {10, 20, 40}) {
    const double found = error(by(parallel_bug()), 16, steps);
    EXPECT_GT(found, 5 * best_of(16)) << steps;
    EXPECT_LT(found, before) << steps;
    before = found;
  }
  EXPECT_LT(before, 1e-2);
}

}  // namespace
}  // namespace ranklens::optim
