#include "ranklens/tn/formats/tucker.h"

#include <ATen/ops/einsum.h>
#include <ATen/ops/tensordot.h>
#include <gtest/gtest.h>

#include "ranklens/tn/formats/mode_product.h"
#include "ranklens/tn/linalg/numbers.h"

#include "testing/expect_error.h"
#include "tn/drawn.h"

namespace ranklens::tn {
namespace {

using testing::drawn;
using testing::expect_error;
using testing::relative;

TEST(ModeProduct, IsTheContraction) {
  for (const auto dtype : testing::kFour) {
    const auto tensor = drawn({3, 4, 5, 2}, "tensor", dtype);
    for (std::int64_t mode = 0; mode < 4; ++mode) {
      const auto matrix = drawn({6, tensor.size(mode)}, "matrix", dtype);
      const auto expected = at::tensordot(tensor, matrix, {mode}, {1}).movedim(-1, mode);
      EXPECT_LT(relative(mode_product(tensor, mode, matrix), expected),
                testing::loosened(1e-14, dtype));
      EXPECT_TRUE(folded(unfolding(tensor, mode), tensor.sizes(), mode).equal(tensor));
      EXPECT_TRUE(unfolding(tensor, mode).equal(tensor.movedim(mode, 0).flatten(1)));
    }
  }
  const auto tensor = drawn({3, 4, 5}, "tensor");
  EXPECT_TRUE(unfolding(tensor, 0).is_alias_of(tensor));
  EXPECT_TRUE(unfolding(tensor, 2).is_alias_of(tensor));
  expect_error([&] { unfolding(tensor, 3); }, "mode 3 of a tensor of 3 modes does not exist");
  expect_error([&] { mode_product(tensor, 1, drawn({2, 5}, "m")); },
               "does not fit mode 1 of size 4");
}

TEST(Tucker, IsTheCoreTimesItsFactors) {
  for (const auto dtype : testing::kFour) {
    const Tucker tucker{
        drawn({2, 3, 4}, "core", dtype),
        {drawn({5, 2}, "0", dtype), drawn({4, 3}, "1", dtype), drawn({6, 4}, "2", dtype)}};
    const auto& u = tucker.factors;
    const auto expected = at::einsum("abc,ia,jb,kc->ijk", {tucker.core, u[0], u[1], u[2]});
    EXPECT_LT(relative(full(tucker), expected), testing::loosened(1e-14, dtype));
    EXPECT_NEAR(norm(tucker) / frobenius(expected), 1, testing::loosened(1e-13, dtype));
    EXPECT_EQ(parameters(tucker), 24 + 10 + 12 + 24);
  }
}

TEST(Tucker, SaysWhatIsWrong) {
  Tucker tucker{drawn({2, 3}, "core"), {drawn({5, 2}, "0")}};
  expect_error([&] { full(tucker); }, "1 factors for a core of 2 modes");
  tucker.factors.push_back(drawn({4, 2}, "1"));
  expect_error([&] { full(tucker); }, "factor 1 of a Tucker tensor has 2 columns, its core 3");
  tucker.factors[1] = drawn({4, 3}, "1", at::kFloat);
  expect_error([&] { full(tucker); }, "is of type float32, its core of type float64");
}

}  // namespace
}  // namespace ranklens::tn
