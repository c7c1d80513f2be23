#include "ranklens/tn/formats/normal_equations.h"

#include <ATen/ops/linalg_lstsq.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/mv.h>
#include <gtest/gtest.h>

#include "ranklens/tn/linalg/numbers.h"

#include "tn/drawn.h"

namespace ranklens::tn {
namespace {

using testing::drawn;
using testing::relative;

TEST(NormalEquations, SolveLeastSquares) {
  for (const auto dtype : {at::kDouble, at::kComplexDouble}) {
    const auto a = drawn({9, 4}, "a", dtype), b = drawn({9, 6}, "b", dtype);
    const auto found = solve_normal(at::mm(a.mH(), a), at::mm(a.mH(), b));
    EXPECT_LT(relative(found.x, std::get<0>(at::linalg_lstsq(a, b))), 1e-12);
    EXPECT_EQ(found.rank, 4);
    EXPECT_EQ(found.ridge, 0);
  }
}

TEST(NormalEquations, PivotingLeavesDependentRowsOut) {
  for (const auto dtype : {at::kDouble, at::kComplexDouble}) {
    auto a = drawn({9, 5}, "a", dtype);
    a.select(1, 3).copy_(at::mv(a.narrow(1, 0, 3), drawn({3}, "mixture", dtype)));
    const auto b = drawn({9, 2}, "b", dtype);
    const auto found = solve_normal(at::mm(a.mH(), a), at::mm(a.mH(), b), {.resolution = 1e-12});
    EXPECT_EQ(found.rank, 4);
    EXPECT_EQ((found.x.abs().sum(1) == 0).sum().item<int>(), 1);
    // The residual is orthogonal to all columns, the dependent one among them.
    EXPECT_LT(frobenius(at::mm(a.mH(), at::mm(a, found.x) - b)), 1e-10);
  }
}

TEST(NormalEquations, TheBoundIsMetByOneRidge) {
  const auto a = drawn({9, 4}, "a", at::kComplexDouble), b = drawn({9, 3}, "b", at::kComplexDouble);
  const auto gram = at::mm(a.mH(), a), right = at::mm(a.mH(), b);
  const double free = frobenius(solve_normal(gram, right).x);
  const auto found = solve_normal(gram, right, {.largest_norm = free / 3});
  EXPECT_GT(found.ridge, 0);
  EXPECT_NEAR(frobenius(found.x), free / 3, 1e-9 * free);
  // Stationary for the Lagrangian.
  EXPECT_LT(frobenius(at::mm(gram, found.x) + found.ridge * found.x - right), 1e-9);
  EXPECT_EQ(solve_normal(gram, right, {.largest_norm = free * 1.01}).ridge, 0);
}

}  // namespace
}  // namespace ranklens::tn
