#include "ranklens/tn/formats/cp_als.h"

#include <cmath>
#include <limits>

#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
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

at::Tensor of_rank(std::int64_t terms, const std::vector<std::int64_t>& sizes,
                   at::ScalarType dtype) {
  CP cp{at::ones({terms}), {}};
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    cp.factors.push_back(drawn({sizes[k], terms}, "factor" + std::to_string(k), dtype));
  }
  return full(cp);
}

void expect_rising(const std::vector<double>& fits, double slack) {
  for (std::size_t i = 1; i < fits.size(); ++i) EXPECT_GE(fits[i], fits[i - 1] - slack) << i;
}

/// The largest entry of the gradient with respect to any factor, from unfoldings of the residual.
double gradient(const at::Tensor& dense, const CP& cp) {
  double largest = 0;
  const auto residual = dense - full(cp);
  for (std::size_t k = 0; k < cp.factors.size(); ++k) {
    std::vector<at::Tensor> others;
    for (std::size_t j = 0; j < cp.factors.size(); ++j) {
      if (j != k) others.push_back(cp.factors[j].t());
    }
    const auto product = at::mm(unfolding(residual, static_cast<std::int64_t>(k)),
                                khatri_rao_rows(others).conj().t());
    largest = std::max(largest, product.abs().max().item<double>());
  }
  return largest;
}

TEST(CPALS, FindsTheTermsOfATensorOfLowRank) {
  for (const auto dtype : testing::kFour) {
    const auto dense = of_rank(3, {8, 7, 6}, dtype);
    for (const auto start : {CPStart::random, CPStart::hosvd}) {
      double best = 1;  // some starts end in a local minimum
      for (std::uint64_t seed = 0; seed < 4; ++seed) {
        const auto found = cp_als(
            dense, {.rank = 3, .max_sweeps = 500, .tolerance = 1e-9, .start = start, .seed = seed});
        EXPECT_EQ(found.value.factors[1].scalar_type(), dtype);
        EXPECT_NEAR(1 - found.fits.back(), relative(full(found.value), dense),
                    testing::is_narrow(dtype) ? 1e-3 : 1e-7);
        if (found.converged && !found.degenerate) {
          best = std::min(best, relative(full(found.value), dense));
        }
      }
      EXPECT_LT(best, testing::is_narrow(dtype) ? 1e-3 : 1e-6);
    }
  }
}

TEST(CPALS, EveryOrderOfTensor) {
  for (const auto& sizes : std::vector<std::vector<std::int64_t>>{
           {6}, {1, 1}, {6, 5}, {5, 1, 6}, {4, 5, 3, 4}, {3, 4, 2, 3, 4}, {3, 2, 3, 2, 3, 2}}) {
    std::int64_t enough = 1, largest = 1;
    for (const auto n : sizes) {
      enough *= n;
      largest = std::max(largest, n);
    }
    const auto terms = std::min<std::int64_t>(2, enough / largest);
    const auto dense = of_rank(terms, sizes, at::kDouble);
    double best = 1;
    for (std::uint64_t seed = 0; seed < 4 && best > 1e-5; ++seed) {
      const auto found =
          cp_als(dense, {.rank = terms, .max_sweeps = 1000, .tolerance = 1e-10, .seed = seed});
      best = std::min(best, relative(full(found.value), dense));
    }
    EXPECT_LT(best, 1e-5) << sizes.size() << " modes";
  }
}

TEST(CPALS, FitsRiseToAStationaryPoint) {
  for (const auto dtype : {at::kDouble, at::kComplexDouble}) {
    const auto dense = drawn({6, 5, 4, 3}, "dense", dtype);
    const auto found =
        cp_als(dense, {.rank = 4, .max_sweeps = 20000, .tolerance = 1e-14, .seed = 3});
    expect_rising(found.fits, 1e-12);
    EXPECT_NEAR(found.fits.back(), 1 - relative(full(found.value), dense), 1e-12);
    EXPECT_TRUE(found.converged);
    EXPECT_LT(gradient(dense, found.value), 1e-5);
  }
}

TEST(CPALS, AFixedNumberOfSweepsIsNotConverged) {
  const auto found =
      cp_als(drawn({6, 5, 4}, "dense"), {.rank = 3, .max_sweeps = 3, .tolerance = 0});
  EXPECT_EQ(found.fits.size(), 3U);
  EXPECT_FALSE(found.converged);
}

TEST(CPALS, ViewsAreReadAsTheyAre) {
  const auto dense = drawn({5, 6, 4}, "dense");
  const auto view = dense.permute({2, 0, 1}).contiguous().permute({1, 2, 0});
  ASSERT_FALSE(view.is_contiguous());
  const CPALSOptions options{.rank = 3, .max_sweeps = 20};
  EXPECT_TRUE(full(cp_als(view, options).value).equal(full(cp_als(dense, options).value)));
}

// The tensor e1 e1 e2 + e1 e2 e1 + e2 e1 e1 has rank 3, but sums of two terms come as close as one
// likes, with terms that grow without bound and cancel (de Silva, Lim 2008).
TEST(CPALS, DivergingTermsAreHeldAndReported) {
  auto dense = at::zeros({2, 2, 2}, at::kDouble);
  for (const auto i : {1, 2, 4}) dense.view({-1})[i].fill_(1);
  const CPALSOptions held{
      .rank = 2, .max_sweeps = 3000, .tolerance = 1e-12, .seed = 2, .largest_growth = 5};
  const auto found = cp_als(dense, held);
  EXPECT_TRUE(found.degenerate);
  EXPECT_LE(found.growth, 5 * (1 + 1e-6));
  EXPECT_GT(found.growth, 4.9);
  expect_rising(found.fits, 1e-9);
  auto free = held;
  free.largest_growth = 1e6;
  EXPECT_GT(cp_als(dense, free).growth, 5);
  // Three terms are enough.
  auto three = held;
  three.rank = 3;
  EXPECT_LT(relative(full(cp_als(dense, three).value), dense), 0.05);
}

TEST(CPALS, MoreTermsThanNeededDoNotHurt) {
  for (const auto dtype : {at::kFloat, at::kDouble}) {
    const auto dense = of_rank(1, {4, 5, 6}, dtype);
    const auto found = cp_als(dense, {.rank = 6, .max_sweeps = 30});
    // Directions below the root of the precision are not told apart from rounding errors.
    const double resolved = std::sqrt(6 * machine_epsilon(dtype));
    EXPECT_LT(relative(full(found.value), dense), 3 * resolved);
    EXPECT_LE(found.growth, 100);
  }
}

TEST(CPALS, TheSeedDecides) {
  const auto dense = drawn({4, 5, 6}, "dense");
  const auto run = [&](std::uint64_t seed) {
    return cp_als(dense, {.rank = 2, .max_sweeps = 2, .seed = seed}).value.factors[0];
  };
  EXPECT_TRUE(run(1).equal(run(1)));
  EXPECT_FALSE(run(1).equal(run(2)));
}

TEST(CPALS, ZeroIsZero) {
  const auto found = cp_als(at::zeros({3, 4, 5}, at::kComplexFloat), {.rank = 2});
  EXPECT_EQ(frobenius(full(found.value)), 0);
  EXPECT_TRUE(found.converged);
}

TEST(CPALS, SaysWhatIsWrong) {
  const auto dense = drawn({3, 4, 5}, "dense");
  expect_error([&] { cp_als(dense, {.rank = 0}); }, "between 1 and 12, which always suffices");
  expect_error([&] { cp_als(dense, {.rank = 13}); }, "it is 13");
  expect_error([&] { cp_als(dense, {.rank = 1, .max_sweeps = 0}); }, "at least one sweep");
  expect_error([&] { cp_als(dense, {.rank = 1, .tolerance = -1}); }, "it is -1");
  expect_error([&] { cp_als(dense, {.rank = 1, .tolerance = std::nan("")}); }, "it is nan");
  expect_error([&] { cp_als(dense, {.rank = 1, .largest_growth = 0.5}); }, "it is 0.5");
  expect_error([] { cp_als(at::zeros({3, 0, 2}), {}); }, "has no entries");
  expect_error([] { cp_als(at::zeros({}), {}); }, "no modes");
  expect_error([] { cp_als(at::ones({2, 2}, at::kLong), {}); }, "is of type int64");
  auto bad = dense.clone();
  bad[0][1][2] = std::numeric_limits<double>::infinity();
  expect_error([&] { cp_als(bad, {}); }, "NaN or infinite");
}

}  // namespace
}  // namespace ranklens::tn
