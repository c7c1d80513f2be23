#include "ranklens/tn/solve/local_operator.h"

#include <ATen/ops/einsum.h>
#include <ATen/ops/mv.h>
#include <gtest/gtest.h>

#include "tn/drawn.h"

namespace ranklens::tn {
namespace {

using testing::drawn;
using testing::loosened;
using testing::relative;

TEST(LocalOperator, IsTheContraction) {
  for (const auto dtype : testing::kFour) {
    const OperatorCore first(drawn({3, 2, 4, 5}, "a", dtype)),
        second(drawn({5, 3, 2, 4}, "b", dtype));
    const LocalOperator local{
        drawn({6, 3, 7}, "left", dtype), {&first, &second}, drawn({4, 5, 8}, "right", dtype)};
    const auto x = drawn({7, 4, 2, 5}, "x", dtype);
    const auto expected = at::einsum("uax,amnb,bpqc,cyv,xnqy->umpv",
                                     {local.left, first.whole, second.whole, local.right, x});
    EXPECT_LT(relative(local.apply(x).view(expected.sizes()), expected), loosened(1e-13, dtype));
    EXPECT_EQ(local.columns(), x.numel());
    EXPECT_LT(relative(at::mv(local.matrix(), x.flatten()), expected.flatten()),
              loosened(1e-13, dtype));
  }
}

TEST(LocalOperator, EnvironmentsGrowByOneCore) {
  for (const auto dtype : testing::kFour) {
    // x stands on both sides, so row and column modes are equal.
    const OperatorCore square(drawn({3, 4, 4, 5}, "square", dtype));
    const auto x = drawn({6, 4, 7}, "x", dtype);
    const auto left = drawn({6, 3, 6}, "left", dtype), right = drawn({5, 7, 7}, "right", dtype);
    const auto from_left = at::einsum("uax,umv,amnb,xny->vby", {left, x.conj(), square.whole, x});
    EXPECT_LT(relative(grown_left(left, square, x), from_left), loosened(1e-13, dtype));
    const auto from_right = at::einsum("byv,umv,amnb,xny->axu", {right, x.conj(), square.whole, x});
    EXPECT_LT(relative(grown_right(right, square, x), from_right), loosened(1e-13, dtype));
    const auto b = drawn({2, 4, 3}, "b", dtype);
    const auto beside = drawn({6, 2}, "beside", dtype), after = drawn({3, 7}, "after", dtype);
    EXPECT_LT(
        relative(grown_left(beside, b, x), at::einsum("us,snt,unv->vt", {beside, b, x.conj()})),
        loosened(1e-13, dtype));
    EXPECT_LT(
        relative(grown_right(after, b, x), at::einsum("tv,snt,unv->su", {after, b, x.conj()})),
        loosened(1e-13, dtype));
  }
}

}  // namespace
}  // namespace ranklens::tn
