#include "ranklens/tn/formats/cp.h"

#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "ranklens/tn/linalg/numbers.h"

#include "testing/expect_error.h"
#include "tn/drawn.h"

namespace ranklens::tn {
namespace {

using testing::drawn;
using testing::expect_error;
using testing::relative;

CP example(at::ScalarType dtype, const std::vector<std::int64_t>& sizes, std::int64_t terms) {
  CP cp{drawn({terms}, "weights", dtype), {}};
  for (const auto n : sizes) cp.factors.push_back(drawn({n, terms}, std::to_string(n), dtype));
  return cp;
}

/// By its definition, an entry at a time.
at::Tensor by_loops(const CP& cp) {
  auto out = at::zeros(shape(cp), cp.factors[0].options());
  for (std::int64_t i = 0; i < out.numel(); ++i) {
    auto entry = cp.weights.clone();
    auto rest = i;
    for (auto k = out.dim() - 1; k >= 0; --k) {
      entry = entry * cp.factors[k][rest % out.size(k)];
      rest /= out.size(k);
    }
    out.view({-1})[i].copy_(entry.sum());
  }
  return out;
}

TEST(CP, IsTheSumOfItsTerms) {
  for (const auto dtype : testing::kFour) {
    for (const auto& sizes :
         std::vector<std::vector<std::int64_t>>{{5}, {3, 4}, {2, 3, 5}, {2, 3, 1, 4}}) {
      const auto cp = example(dtype, sizes, 3);
      const auto expected = by_loops(cp);
      EXPECT_LT(relative(full(cp), expected), testing::loosened(1e-14, dtype));
      EXPECT_NEAR(norm(cp), frobenius(expected), testing::loosened(1e-13, dtype) * 20);
    }
  }
}

TEST(CP, ParametersAreTheFactors) {
  EXPECT_EQ(parameters(example(at::kDouble, {2, 3, 5}, 4)), 4 * (2 + 3 + 5));
}

TEST(CP, NormalisingKeepsTheTensor) {
  for (const auto dtype : testing::kFour) {
    auto cp = example(dtype, {4, 3, 5}, 3);
    const auto before = full(cp);
    const auto unit = normalised(cp);
    EXPECT_LT(relative(full(unit), before), testing::loosened(1e-14, dtype));
    EXPECT_FALSE(unit.weights.is_complex());
    EXPECT_TRUE((unit.weights.diff() <= 0).all().item<bool>());
    EXPECT_GT(unit.weights.min().item<double>(), 0);
    for (const auto& factor : unit.factors) {
      for (int r = 0; r < 3; ++r) EXPECT_NEAR(frobenius(factor.select(1, r)), 1, 1e-6);
    }
  }
}

TEST(CP, SaysWhatIsWrong) {
  auto cp = example(at::kDouble, {2, 3}, 2);
  cp.factors[1] = drawn({3, 4}, "other");
  expect_error([&] { full(cp); }, "factor 1 of a sum of rank-one tensors has 4 columns for 2");
  cp.factors[1] = drawn({3, 2}, "other", at::kFloat);
  expect_error([&] { full(cp); }, "is of type float32, the first of type float64");
  cp.factors[1] = drawn({6}, "other");
  expect_error([&] { full(cp); }, "must be a matrix [size, terms]");
  expect_error([] { full(CP{drawn({2}, "w"), {}}); }, "at least one factor");
}

}  // namespace
}  // namespace ranklens::tn
