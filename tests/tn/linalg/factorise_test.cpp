#include "ranklens/tn/linalg/factorise.h"

#include <cmath>

#include <ATen/ops/eye.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linalg_svdvals.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/pow.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/tn/linalg/kernels.h"
#include "ranklens/tn/linalg/numbers.h"

#include "testing/expect_error.h"
#include "tn/values.h"

namespace ranklens::tn {
namespace {

using namespace ranklens::testing;

class Factorise : public FourTypes {};

const Factoriser kAll[] = {Factoriser::automatic, Factoriser::svd, Factoriser::gram,
                           Factoriser::randomised};

/// [m, n] with these singular values.
at::Tensor with_spectrum(std::int64_t m, std::int64_t n, const at::Tensor& values,
                         at::ScalarType dtype) {
  const auto k = values.size(0);
  const auto u = qr(noise({m, k}, dtype, 2)).q, v = qr(noise({n, k}, dtype, 3)).q;
  return at::mm(u * values.to(c10::toRealValueType(dtype)), v.mH());
}

void expect_orthonormal(const at::Tensor& columns) {
  const auto square = at::mm(columns.mH(), columns);
  EXPECT_LT(norm_of(square - at::eye(square.size(0), square.options())),
            rounding_of(columns.scalar_type()));
}

TEST_P(Factorise, FactorsAreOrthonormalAndTheErrorIsTheOneStated) {
  for (const auto& [m, n] : {std::pair{40, 7}, {7, 40}, {30, 30}, {260, 300}, {300, 230}}) {
    const auto a = noise({m, n}, GetParam());
    for (const auto method : kAll) {
      const auto f = factorise(a, {.max_rank = 5}, method);
      ASSERT_EQ(f.s.size(0), 5);
      expect_orthonormal(f.u);
      expect_orthonormal(f.vh.mH());
      const auto back = at::mm(f.u * f.s, f.vh);
      EXPECT_NEAR(norm_of(a - back), f.discarded, 1e-4 * f.discarded);
      const auto values = at::linalg_svdvals(a.to(widened(GetParam())));
      EXPECT_LT(f.discarded, 1.01 * norm_of(values.narrow(0, 5, values.size(0) - 5)));
    }
  }
}

TEST_P(Factorise, TheToleranceIsKeptAndNoRankIsWasted) {
  const auto values = at::pow(0.6, at::arange(60, at::kDouble));
  for (const auto& [m, n] : {std::pair{60, 400}, {400, 60}, {300, 400}}) {
    const auto a = with_spectrum(m, n, values, GetParam());
    for (const double eps : {0.3, 1e-2, 1e-4}) {
      const double tolerance = eps * norm_of(a);
      std::int64_t best = 0;
      while (norm_of(values.narrow(0, best, 60 - best)) > tolerance) ++best;
      for (const auto method : kAll) {
        const auto f = factorise(a, {.tolerance = tolerance}, method);
        EXPECT_LE(norm_of(a - at::mm(f.u * f.s, f.vh)), tolerance * (1 + 1e-3));
        EXPECT_LE(f.s.size(0), best + (method == Factoriser::svd ? 0 : 1));
        EXPECT_GE(f.s.size(0), best);
      }
    }
  }
}

// Gram matrices square the condition number: below their floor another way has to take over.
TEST_P(Factorise, ReachesTolerancesBelowTheFloorOfGramMatrices) {
  if (is_narrow(GetParam())) GTEST_SKIP() << "float32 has no such digits";
  const auto values = at::pow(0.1, at::arange(14, at::kDouble));
  for (const auto& [m, n] : {std::pair{40, 90}, {90, 40}, {300, 260}}) {
    const auto a = with_spectrum(m, n, values, GetParam());
    for (const auto method : kAll) {
      const double tolerance = 1.5e-10 * norm_of(a);
      const auto f = factorise(a, {.tolerance = tolerance}, method);
      EXPECT_LE(norm_of(a - at::mm(f.u * f.s, f.vh)), tolerance);
      EXPECT_EQ(f.s.size(0), 10) << static_cast<int>(method);
      const auto bounded = factorise(a, {.max_rank = 11}, method);
      EXPECT_NEAR(bounded.s[10].item<double>(), 1e-10, 1e-13);
    }
  }
}

// Singular values come with all eigenvectors alone: a few of many are looked for by themselves
// first, where a gap below them lets them be found.
TEST_P(Factorise, FewOfManyEigenvectorsAreLookedForFirst) {
  auto values = at::full({64}, 1e-3, at::kDouble);
  values.narrow(0, 0, 8).copy_(at::linspace(2, 1, 8, at::kDouble));
  const auto gap = with_spectrum(64, 80, values, GetParam());
  const auto few = split(gap, {.max_rank = 8}, Factoriser::gram);
  EXPECT_FALSE(few.values.defined());
  EXPECT_NEAR(few.discarded, 1e-3 * std::sqrt(56.0), 1e-5);
  expect_orthonormal(few.q);
  EXPECT_TRUE(split(gap, {.max_rank = 30}, Factoriser::gram).values.defined());
  EXPECT_TRUE(split(gap.narrow(0, 0, 40), {.max_rank = 8}, Factoriser::gram).values.defined());
}

TEST_P(Factorise, OnlyTheShortSideGetsAGramMatrix) {
  // The long side's would have 10^10 entries.
  const auto a = noise({3, 100000}, GetParam());
  const auto f = factorise(a, {.max_rank = 2}, Factoriser::gram);
  EXPECT_EQ(f.vh.sizes(), (std::vector<std::int64_t>{2, 100000}));
  const auto t = factorise(a.t(), {.max_rank = 2}, Factoriser::gram);
  EXPECT_EQ(t.u.sizes(), (std::vector<std::int64_t>{100000, 2}));
  EXPECT_LT(relative(t.s, f.s), rounding_of(GetParam()));
}

TEST_P(Factorise, ASketchIsExactForExactRank) {
  const auto a = with_spectrum(300, 280, at::ones({12}, at::kDouble), GetParam());
  const auto found = kernels::by_sketch(a, {.max_rank = 12}, norm_of(a));
  ASSERT_TRUE(found);
  EXPECT_LT(relative(at::mm(found->q, found->rest), a), rounding_of(GetParam()));
  EXPECT_LT(found->discarded, 1e2 * rounding_of(GetParam()));
  const auto by_tolerance =
      kernels::by_sketch(a, {.tolerance = 10 * rounding_of(GetParam())}, norm_of(a));
  ASSERT_TRUE(by_tolerance);
  EXPECT_EQ(by_tolerance->q.size(1), 12);
  // Of full rank: no small sketch will do.
  EXPECT_FALSE(kernels::by_sketch(noise({300, 280}, GetParam()), {.tolerance = 1}, 300));
}

TEST_P(Factorise, ASketchComesCloseToTheBestWhereTheSpectrumFallsSlowly) {
  const auto values = 1 / (1 + at::arange(250, at::kDouble));
  const auto a = with_spectrum(250, 300, values, GetParam());
  const auto f = factorise(a, {.max_rank = 20}, Factoriser::randomised);
  EXPECT_LT(f.discarded, 1.01 * norm_of(values.narrow(0, 20, 230)));
}

TEST_P(Factorise, StridedAndTransposedViewsAreReadAsTheyAre) {
  const auto wide = noise({80, 90}, GetParam());
  for (const auto& view : {wide.t(), wide.slice(0, 0, 80, 3).slice(1, 1, 90, 2), wide.mH()}) {
    const auto same = view.resolve_conj().contiguous();
    for (const auto method : kAll) {
      const auto f = factorise(view, {.max_rank = 9}, method);
      const auto g = factorise(same, {.max_rank = 9}, method);
      EXPECT_LT(relative(f.s, g.s), 10 * rounding_of(GetParam()));
      EXPECT_NEAR(norm_of(view - at::mm(f.u * f.s, f.vh)), f.discarded, 1e-3 * f.discarded);
    }
  }
}

TEST_P(Factorise, AMatrixOfZerosHasRankOne) {
  for (const auto method : kAll) {
    const auto f = factorise(at::zeros({5, 9}, GetParam()), {.tolerance = 1e-3}, method);
    EXPECT_EQ(f.s.size(0), 1);
    EXPECT_EQ(f.discarded, 0);
    EXPECT_TRUE(f.u.isfinite().all().item<bool>());
  }
}

// Columns that were orthonormal already stay, whatever signs and phases a factorisation chooses.
TEST_P(Factorise, OrientedColumnsKeepTheirDirection) {
  const auto a = noise({12, 5}, GetParam());
  const auto found = oriented_qr(a);
  expect_orthonormal(found.q);
  EXPECT_LT(relative(at::mm(found.q, found.r), a), rounding_of(GetParam()));
  const auto diagonal = found.r.diagonal().contiguous();
  EXPECT_LT(relative(diagonal, diagonal.abs().to(GetParam())), rounding_of(GetParam()));
  const auto again = oriented_qr(-found.q);
  EXPECT_LT(relative(again.q, -found.q), rounding_of(GetParam()));
}

RANKLENS_FOUR_TYPES(Factorise);

// float32: the Gram matrix is summed in float64, so it resolves as much as float32 holds.
TEST(FactoriseFloat, GramMatricesLoseNoDigitsOfFloat32) {
  const auto values = at::pow(0.1, at::arange(7, at::kDouble));
  const auto a = with_spectrum(20, 5000, values, at::kFloat);
  const auto f = kernels::by_gram(a, {.tolerance = 3e-6}, 1);
  ASSERT_TRUE(f);
  EXPECT_EQ(f->q.size(1), 6);
  EXPECT_NEAR(f->values[5].item<double>(), 1e-5, 2e-7);
}

TEST(FactoriseExtremes, NormsBeyondTheSquareRootOfTheRange) {
  EXPECT_NEAR(frobenius(at::full({3, 3}, 1e200, at::kDouble)) / 3e200, 1, 1e-12);
  EXPECT_NEAR(frobenius(at::full({3, 3}, 1e-200, at::kDouble)) / 3e-200, 1, 1e-12);
  EXPECT_TRUE(std::isnan(frobenius(at::full({2}, NAN, at::kDouble))));
  EXPECT_TRUE(std::isinf(frobenius(at::full({2}, INFINITY, at::kDouble))));
}

/// sum of w * truncated(a), to all digits, for finite differences.
at::Tensor weighed(const at::Tensor& a, const at::Tensor& w, std::int64_t rank) {
  const auto found = split(a, {.max_rank = rank}, Factoriser::svd);
  return (at::mm(found.q, found.rest) * w).sum();
}

// Equal singular values make the gradient of an SVD infinite; that of the truncated matrix is not.
TEST(SplitGradient, IsFiniteAndMatchesDifferencesAtEqualSingularValues) {
  const auto values = at::tensor({1.0, 1.0, 1.0, 1e-5, 1e-5}, at::kDouble);
  const auto a = with_spectrum(12, 9, values, at::kDouble).requires_grad_();
  const auto w = noise({12, 9}, at::kDouble, 7), direction = noise({12, 9}, at::kDouble, 8);
  const auto gradient = torch::autograd::grad({weighed(a, w, 3)}, {a})[0];
  ASSERT_TRUE(gradient.isfinite().all().item<bool>());
  const at::NoGradGuard no_gradients;
  const double h = 1e-6;
  const double difference =
      (weighed(a + h * direction, w, 3) - weighed(a - h * direction, w, 3)).item<double>() /
      (2 * h);
  EXPECT_NEAR((gradient * direction).sum().item<double>(), difference, 1e-6);
}

TEST(FactoriseErrors, AreOneSentence) {
  const auto a = at::ones({3, 4}, at::kDouble);
  expect_error([] { factorise(at::ones({3})); }, "only a matrix");
  expect_error([] { factorise(at::ones({0, 3})); }, "has no entries");
  expect_error([] { factorise(at::ones({2, 3}, at::kInt)); }, "of type int32");
  expect_error([] { factorise(at::ones({2, 3}, at::kHalf)); }, "of type float16");
  expect_error([&] { factorise(a / 0.0); }, "NaN or infinite");
  expect_error([&] { factorise(a * NAN); }, "NaN or infinite");
  expect_error([&] { factorise(a, {.tolerance = -1}); }, "not below 0");
  expect_error([&] { factorise(a, {.tolerance = NAN}); }, "not below 0");
  expect_error([&] { factorise(a, {.max_rank = 0}); }, "at least 1, not 0");
}

}  // namespace
}  // namespace ranklens::tn
