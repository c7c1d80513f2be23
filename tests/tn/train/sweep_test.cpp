#include "ranklens/tn/train/sweep.h"

#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_svdvals.h>

#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/train/algebra.h"
#include "ranklens/tn/train/make.h"

#include "testing/expect_error.h"
#include "tn/values.h"

namespace ranklens::tn {
namespace {

using namespace ranklens::testing;

class Sweep : public FourTypes {
 protected:
  TensorTrain made(const Shape& shape, const Shape& ranks) const {
    base::Stream stream(5, "init", "sweep");
    return random(stream, shape, {.ranks = ranks, .dtype = GetParam()});
  }
};

double lost_orthogonality(const at::Tensor& columns) {
  const auto square = at::mm(columns.mH(), columns);
  return norm_of(square - at::eye(square.size(0), square.options()));
}

TEST_P(Sweep, CanonicalFormsAreOrthogonalAndTheSameTensor) {
  const auto train = made({3, 4, 2, 5}, {3, 6, 4});
  const auto dense = full(train);
  for (const auto gauge : {Gauge::qr, Gauge::svd}) {
    for (std::int64_t centre = 0; centre < 4; ++centre) {
      const auto found = canonical(train, centre, gauge);
      EXPECT_EQ(found.centre, centre);
      EXPECT_LT(relative(full(found), dense), rounding_of(GetParam()));
      EXPECT_NEAR(norm_of(found.cores[centre]), 1, rounding_of(GetParam()));
      EXPECT_NEAR(found.log_scale, std::log(norm_of(dense)), rounding_of(GetParam()));
      for (std::int64_t k = 0; k < 4; ++k) {
        const auto& core = found.cores[k];
        if (k < centre) {
          EXPECT_LT(lost_orthogonality(core.reshape({-1, core.size(2)})), rounding_of(GetParam()));
        } else if (k > centre) {
          EXPECT_LT(lost_orthogonality(core.reshape({core.size(0), -1}).mH()),
                    rounding_of(GetParam()));
        }
      }
    }
  }
}

// By singular value decompositions the bases beside the centre are the singular vectors, if all
// bonds are crossed from an end.
TEST_P(Sweep, TheGaugeBySingularValuesIsDiagonalAtTheCentre) {
  const auto found = canonical(canonical(made({3, 4, 2, 5}, {3, 6, 4}), 0), 3, Gauge::svd);
  const auto last = found.cores[3].reshape({found.cores[3].size(0), -1});
  const auto square = at::mm(last, last.mH());
  EXPECT_LT(norm_of(square - square.diagonal().diag_embed()), rounding_of(GetParam()));
}

TEST_P(Sweep, MovingAKnownCentreTouchesOnlyWhatLiesBetween) {
  const auto at_one = canonical(made({3, 4, 2, 5}, {3, 6, 4}), 1);
  const auto at_two = canonical(at_one, 2);
  EXPECT_TRUE(at_two.cores[0].is_same(at_one.cores[0]));
  EXPECT_TRUE(at_two.cores[3].is_same(at_one.cores[3]));
  EXPECT_LT(relative(full(at_two), full(at_one)), rounding_of(GetParam()));
  EXPECT_LT(relative(full(canonical(at_two, 0)), full(at_one)), rounding_of(GetParam()));
}

TEST_P(Sweep, SchmidtValuesAreThoseOfEveryUnfolding) {
  const auto train = made({3, 4, 2, 5}, {3, 4, 3});
  const auto values = schmidt_values(train);
  ASSERT_EQ(values.size(), 3U);
  const auto dense = full(train).to(widened(GetParam())) / norm_of(full(train));
  std::int64_t rows = 1;
  for (std::size_t k = 0; k < 3; ++k) {
    rows *= dense.size(static_cast<std::int64_t>(k));
    const auto expected = at::linalg_svdvals(dense.reshape({rows, -1}));
    const auto rank = values[k].size(0);
    EXPECT_LT(norm_of(values[k] - expected.narrow(0, 0, rank)), rounding_of(GetParam()));
  }
}

TEST_P(Sweep, AMatrixIsGaugedByItsFusedModes) {
  base::Stream stream(5, "init");
  const auto w =
      random(stream, Shape{2, 3, 2}, Shape{3, 2, 4}, {.ranks = {4}, .dtype = GetParam()});
  const auto gauged = canonical(w, 1);
  EXPECT_LT(relative(full(gauged), full(w)), rounding_of(GetParam()));
  EXPECT_NEAR(norm_of(gauged.cores[1]), 1, rounding_of(GetParam()));
}

RANKLENS_FOUR_TYPES(Sweep);

// Products of a thousand cores leave the range of float64 either way.
TEST(Scales, AThousandSitesNeitherOverNorUnderflow) {
  for (const double size : {1e3, 1e-3}) {
    for (const auto dtype : {at::kFloat, at::kComplexDouble}) {
      base::Stream stream(5, "init");
      auto train = random(stream, Shape(1000, 2), {.ranks = {4}, .dtype = dtype});
      for (auto& core : train.cores) core = core * size;
      const auto gauged = canonical(train, 400);
      for (const auto& core : gauged.cores) {
        ASSERT_TRUE(core.isfinite().all().item<bool>());
        ASSERT_GT(norm_of(core), 0);
      }
      const auto product = dot_scaled(train, gauged);
      // <x, x> by two ways; |x| is about size^1000 2^500.
      EXPECT_NEAR(product.log_scale + std::log(norm_of(product.unit)), 2 * gauged.log_scale,
                  1e-6 * 1e3);
      EXPECT_NEAR(gauged.log_scale, 1000 * std::log(size) + 500 * std::log(2.0), 40);
      EXPECT_NEAR(log_norm(train), gauged.log_scale, 1e-3);
    }
  }
}

TEST(SweepErrors, AreOneSentence) {
  const auto train = ones({2, 3});
  expect_error([&] { canonical(train, 2); }, "no core 2 to be the centre");
  expect_error([&] { canonical(train, -1); }, "no core -1");
  auto broken = train;
  broken.cores[1] = broken.cores[1] * NAN;
  expect_error([&] { canonical(broken, 0); }, "NaN or infinite");
}

}  // namespace
}  // namespace ranklens::tn
