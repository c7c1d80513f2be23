#include "ranklens/optim/low_rank/truncate.h"

#include <cmath>

#include <ATen/ops/linalg_svd.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "optim/low_rank/matrices.h"

namespace ranklens::optim {
namespace {

using testing::distance;
using testing::low_rank;
using testing::noise;
using testing::norm;

TEST(TruncateCore, WithoutCuttingChangesNothing) {
  const LowRank before = low_rank(20, 15, 6, 1);
  const auto found = truncate(before, {.tau = 0});
  EXPECT_EQ(found.matrix.rank(), 6);
  EXPECT_LT(distance(found.matrix.dense(), before.dense()), 1e-14 * norm(before.dense()));
  EXPECT_EQ(found.discarded, 0);
}

// The slip of the published implementations: the right factor taken untransposed. The change is of
// the size of the matrix itself (they reported accuracies with it).
TEST(TruncateCore, TheTransposedRightFactorIsAnotherMatrix) {
  double worst = 10;
  for (std::uint64_t seed = 2; seed < 7; ++seed) {
    const LowRank before = low_rank(20, 15, 6, seed);
    const auto [p, values, q_transposed] = at::linalg_svd(before.s);
    const LowRank slip{at::matmul(before.u, p), at::diag(values),
                       at::matmul(before.v, q_transposed)};
    worst = std::min(worst, distance(slip.dense(), before.dense()) / norm(before.dense()));
    const auto right = truncate(before, {.tau = 0});
    EXPECT_LT(distance(right.matrix.dense(), before.dense()), 1e-14 * norm(before.dense()));
  }
  EXPECT_GT(worst, 0.5);
}

TEST(TruncateCore, TheErrorIsTheTailAndWithinTheBound) {
  for (const double tau : {0.05, 0.2, 0.5}) {
    const LowRank before = low_rank(30, 24, 8, 9);
    const auto found = truncate(before, {.tau = tau, .floor = 1});
    const double error = distance(found.matrix.dense(), before.dense());
    EXPECT_NEAR(error, found.discarded, 1e-12);
    EXPECT_LE(error, tau * norm(before.dense()) * (1 + 1e-12));
    if (found.matrix.rank() > 1) {
      EXPECT_GT(truncate_to(before, found.matrix.rank() - 1).discarded, tau * norm(before.dense()));
    }
    const auto rotated = at::matmul(at::matmul(found.left.t(), before.s), found.right);
    EXPECT_LT(distance(rotated, found.matrix.s), 1e-12);
  }
}

TEST(RankFor, TheLastValueCounts) {
  const auto values = at::tensor({3.0, 2.0, 1.0, 1.0}, at::kDouble);  // norm sqrt(15)
  EXPECT_EQ(rank_for(values, {.tau = 1.0, .absolute = true, .floor = 1}), 3);
  EXPECT_EQ(rank_for(values, {.tau = 0.999, .absolute = true, .floor = 1}), 4);
  EXPECT_EQ(rank_for(values, {.tau = std::sqrt(2.0), .absolute = true, .floor = 1}), 2);
  EXPECT_EQ(rank_for(values, {.tau = std::sqrt(6.0 / 15) + 1e-12, .floor = 1}), 1);
  EXPECT_EQ(rank_for(values, {.tau = 0.9}), 2);              // the floor
  EXPECT_EQ(rank_for(values, {.tau = 0.001, .cap = 3}), 3);  // the cap
  EXPECT_EQ(rank_for(values, {.tau = 0, .floor = 9}), 4);    // no more than there are
}

}  // namespace
}  // namespace ranklens::optim
