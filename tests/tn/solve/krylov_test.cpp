#include "ranklens/tn/solve/krylov.h"

#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/linalg_solve.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/mv.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "ranklens/tn/linalg/numbers.h"

#include "tn/drawn.h"

namespace ranklens::tn {
namespace {

using testing::drawn;
using testing::relative;

at::Tensor hermitian(std::int64_t n, at::ScalarType dtype) {
  const auto a = drawn({n, n}, "a", dtype);
  return a + a.mH();
}

TEST(Lanczos, FindsTheLowestEigenpair) {
  for (const auto dtype : testing::kFour) {
    const auto a = hermitian(60, dtype);
    const bool narrow = testing::is_narrow(dtype);
    const auto apply = [&](const at::Tensor& x) { return at::mv(a, x); };
    const auto found = lanczos(apply, drawn({60}, "start", dtype),
                               {.tolerance = narrow ? 1e-5 : 1e-11, .max_vectors = 15});
    const auto exact = std::get<0>(at::linalg_eigh(a))[0].item<double>();
    EXPECT_NEAR(found.value, exact, narrow ? 1e-3 : 1e-10);
    EXPECT_NEAR(frobenius(found.vector), 1, 1e-6);
    const double residual = frobenius(at::mv(a, found.vector) - found.value * found.vector);
    EXPECT_NEAR(residual, found.residual, narrow ? 1e-3 : 1e-10);
    EXPECT_GT(found.products, 15);  // it restarted
  }
}

TEST(Lanczos, EndsInAnInvariantSubspace) {
  const auto a = at::eye(5, at::kDouble) * 3;
  const auto found =
      lanczos([&](const at::Tensor& x) { return at::mv(a, x); }, drawn({5}, "start"));
  EXPECT_NEAR(found.value, 3, 1e-12);
  EXPECT_EQ(found.products, 1);
}

TEST(Lanczos, SaysWhenItDidNotSettle) {
  const auto a = hermitian(60, at::kDouble);
  const auto found = lanczos([&](const at::Tensor& x) { return at::mv(a, x); },
                             drawn({60}, "start"), {.tolerance = 1e-12, .max_products = 6});
  EXPECT_EQ(found.products, 6);
  EXPECT_GT(found.residual, 1e-6);
}

TEST(ConjugateGradients, SolvePositiveSystems) {
  for (const auto dtype : {at::kDouble, at::kComplexDouble}) {
    const auto root = drawn({30, 30}, "root", dtype);
    const auto a = at::mm(root, root.mH()) + 5 * at::eye(30, root.options());
    const auto b = drawn({30}, "b", dtype);
    const auto found = conjugate_gradients([&](const at::Tensor& x) { return at::mv(a, x); }, b,
                                           drawn({30}, "start", dtype), {.tolerance = 1e-11});
    EXPECT_LT(relative(found.x, at::linalg_solve(a, b)), 1e-10);
    EXPECT_LE(found.residual, 1e-11);
    EXPECT_TRUE(found.positive);
  }
}

TEST(ConjugateGradients, ReportMatricesThatAreNotPositive) {
  const auto a = hermitian(20, at::kDouble);
  const auto found = conjugate_gradients([&](const at::Tensor& x) { return at::mv(a, x); },
                                         drawn({20}, "b"), at::zeros({20}, at::kDouble));
  EXPECT_FALSE(found.positive);
}

}  // namespace
}  // namespace ranklens::tn
