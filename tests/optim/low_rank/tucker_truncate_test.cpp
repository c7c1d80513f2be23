#include "ranklens/optim/low_rank/tucker_truncate.h"

#include <cmath>

#include <ATen/ops/diag.h>
#include <ATen/ops/linalg_svdvals.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "optim/low_rank/kernels.h"

namespace ranklens::optim {
namespace {

using testing::basis;
using testing::block;
using testing::distance;
using testing::kernel;
using testing::norm;

TEST(TruncateKernel, WithoutCuttingChangesNothing) {
  const auto before = kernel(9, 8, 5, 4, 1);
  const auto found = truncate(before, {.tau = 0});
  EXPECT_EQ(found.kernel.core.sizes(), before.core.sizes());
  EXPECT_LT(distance(found.kernel.dense(), before.dense()), 1e-13 * norm(before.dense()));
  EXPECT_LT(found.discarded, 1e-13 * found.norm);
  EXPECT_LT(orthogonality_error(found.kernel), 1e-13);
}

TEST(TruncateKernel, ValuesAreThoseOfTheDenseUnfoldings) {
  for (const auto& before :
       {kernel(9, 8, 5, 4, 2),
        TuckerKernel{basis(9, 5, 3), block({5, 1, 1, 2}, 4), basis(8, 1, 5)}}) {
    const auto values = mode_values(before.core);
    for (const auto& [found, mode] : {std::pair{values.out, 0}, std::pair{values.in, 1}}) {
      const auto expected = at::linalg_svdvals(tn::unfolding(before.dense(), mode));
      EXPECT_LT(distance(found, expected.narrow(0, 0, found.size(0))), 1e-12);
    }
  }
}

// What is kept are the leading left vectors themselves: rows in their place are another kernel.
TEST(TruncateKernel, TransposedVectorsAreAnotherKernel) {
  auto before = kernel(9, 8, 5, 4, 6);
  const auto fading = at::diag(at::tensor({1.0, 0.7, 0.4, 1e-2, 1e-3}, at::kDouble));
  before.core = tn::mode_product(before.core, 0, at::matmul(basis(5, 5, 13), fading));
  auto slip = mode_values(before.core);
  slip.out_vectors = slip.out_vectors.t();
  const auto wrong = cut(before, slip, {3, 4});
  const auto right = cut(before, mode_values(before.core), {3, 4});
  EXPECT_GT(wrong.discarded, 5 * right.discarded);
  const auto values = mode_values(before.core);
  EXPECT_NEAR(right.discarded, norm(values.out.narrow(0, 3, 2)), 1e-12);  // one cut: the tail
}

TEST(TruncateKernel, BothCutsTogetherKeepTheBound) {
  for (const double tau : {0.1, 0.3, 0.6}) {
    const auto before = kernel(14, 12, 8, 7, 7);
    const auto found = truncate(before, {.tau = tau, .floor = 1});
    const double error = distance(found.kernel.dense(), before.dense());
    EXPECT_NEAR(error, found.discarded, 1e-12);
    EXPECT_NEAR(found.norm, norm(before.dense()), 1e-12);
    EXPECT_LE(error, tau * found.norm * (1 + 1e-12));
    // No rank of a mode is larger than its half of the bound asks for.
    const auto values = mode_values(before.core);
    for (const auto& [each, rank] : {std::pair{values.out, found.kernel.core.size(0)},
                                     std::pair{values.in, found.kernel.core.size(1)}}) {
      const double allowed = tau * found.norm / std::sqrt(2.0);
      EXPECT_LE(norm(each.narrow(0, rank, each.size(0) - rank)), allowed);
      if (rank == 1) continue;
      EXPECT_GT(norm(each.narrow(0, rank - 1, each.size(0) - rank + 1)), allowed);
    }
    EXPECT_LT(distance(contracted(before.core, found.left, found.right), found.kernel.core), 1e-13);
    EXPECT_LT(distance(at::matmul(before.u, found.left), found.kernel.u), 1e-13);
    EXPECT_LT(distance(at::matmul(before.v, found.right), found.kernel.v), 1e-13);
  }
}

TEST(TruncateKernel, ModesAreCutEachByItsOwnValues) {
  auto before = kernel(12, 10, 6, 5, 8);
  const auto fading = at::diag(at::tensor({1.0, 0.9, 1e-4, 1e-4, 1e-4, 1e-4}, at::kDouble));
  before.core = tn::mode_product(before.core, 0, fading);
  const auto found = truncate(before, {.tau = 0.01});
  EXPECT_EQ(found.kernel.core.size(0), 2);
  EXPECT_EQ(found.kernel.core.size(1), 5);
  const auto other = truncate(testing::exchanged(before), {.tau = 0.01});
  EXPECT_EQ(other.kernel.core.size(0), 5);
  EXPECT_EQ(other.kernel.core.size(1), 2);
}

TEST(TruncateKernel, FloorAndCapHoldForEachMode) {
  auto before = kernel(12, 10, 6, 5, 9);
  const auto steep = at::diag(at::tensor({1.0, 0.3, 0.1, 0.03, 0.01, 0.003}, at::kDouble));
  before.core = contracted(before.core, steep, steep.narrow(0, 0, 5).narrow(1, 0, 5));
  EXPECT_EQ(truncate(before, {.tau = 0.99, .floor = 1}).kernel.core.size(0), 1);
  const auto least = truncate(before, {.tau = 0.99, .floor = 3});
  EXPECT_EQ(least.kernel.core.size(0), 3);
  EXPECT_EQ(least.kernel.core.size(1), 3);
  const auto most = truncate(before, {.tau = 1e-9, .cap = 4});
  EXPECT_EQ(most.kernel.core.size(0), 4);
  EXPECT_EQ(most.kernel.core.size(1), 4);
  // An absolute bound is shared out alike.
  const auto absolute = truncate(before, {.tau = 0.3 * norm(before.dense()), .absolute = true});
  EXPECT_EQ(absolute.kernel.core.sizes(), truncate(before, {.tau = 0.3}).kernel.core.sizes());
}

// One input direction times a window of 2 leaves no more than 2 of the outputs.
TEST(TruncateKernel, RanksStayAttainable) {
  const TuckerKernel before{basis(9, 5, 10), block({5, 4, 1, 2}, 11), basis(8, 4, 12)};
  const auto found = cut(before, mode_values(before.core), {5, 1});
  EXPECT_EQ(found.kernel.core.sizes(), (at::IntArrayRef{2, 1, 1, 2}));
}

}  // namespace
}  // namespace ranklens::optim
