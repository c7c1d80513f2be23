#include "ranklens/compress/decompose_weight.h"

#include <cmath>

#include <ATen/ops/linalg_svdvals.h>
#include <gmock/gmock.h>

#include "ranklens/base/random.h"
#include "ranklens/nn/weights/tucker.h"
#include "ranklens/tn/formats/cp_approximation.h"

#include "testing/expect_error.h"

namespace ranklens::compress {
namespace {

using ranklens::testing::error_of;
using ::testing::HasSubstr;

at::Tensor drawn_weight(at::IntArrayRef sizes, const char* name) {
  return base::Stream(5, "test", name).normal(sizes, 0, 1, at::kDouble);
}

/// With singular values that fall, so that tolerances and ratios cut somewhere.
at::Tensor falling(const nn::Shape& shape) {
  auto weight = drawn_weight(shape, "falling");
  for (std::size_t k = 0; k < shape.size(); ++k) {
    nn::Shape sizes(shape.size(), 1);
    sizes[k] = shape[k];
    weight = weight * at::arange(shape[k], at::kDouble).mul(-0.3).exp().reshape(sizes);
  }
  return weight;
}

Factorised by(const at::Tensor& dense, const std::string& spec) {
  return decompose_weight(dense, nn::parse_weight_spec(spec));
}

double distance(const at::Tensor& dense, const nn::Weight& weight) {
  return ((weight->dense() - dense).norm() / dense.norm()).item<double>();
}

/// ||all but the first `rank` singular values|| / ||all||
double discarded(const at::Tensor& matrix, std::int64_t rank) {
  const auto s = at::linalg_svdvals(matrix);
  return (s.slice(0, rank).norm() / s.norm()).item<double>();
}

TEST(DecomposeWeight, KeepsTheToleranceAndSaysItsError) {
  for (const auto& dense : {falling({24, 40}), falling({12, 8, 3, 3})}) {
    for (const char* format : {"low_rank", "tt", "tucker", "cp"}) {
      std::int64_t before = std::numeric_limits<std::int64_t>::max();
      for (const double eps : {0.05, 0.2, 0.5}) {
        const auto found = by(dense, fmt::format("{}(eps={})", format, eps));
        EXPECT_LE(found.error, eps) << format;
        EXPECT_GT(found.error, 0) << format;
        EXPECT_NEAR(distance(dense, found.weight), found.error, 1e-12) << format;
        EXPECT_LT(found.weight->parameters(), before) << format;
        before = found.weight->parameters();
      }
    }
  }
}

TEST(DecomposeWeight, TheErrorIsTheDiscardedSpectrum) {
  const auto matrix = drawn_weight({24, 40}, "m");
  EXPECT_NEAR(by(matrix, "low_rank(r=7)").error, discarded(matrix, 7), 1e-12);
  const auto kernel = drawn_weight({12, 8, 3, 3}, "k");
  EXPECT_NEAR(by(kernel, "low_rank(r=5)").error, discarded(kernel.flatten(1), 5), 1e-12);
  // Two cores have one bond, between (m_1, n_1) and (m_2, n_2).
  const auto unfolding = matrix.reshape({4, 6, 8, 5}).permute({0, 2, 1, 3}).reshape({32, 30});
  EXPECT_NEAR(by(matrix, "tt(out=4x6,in=8x5,r=9)").error, discarded(unfolding, 9), 1e-12);
  // A window and one core: one bond again, between window and channels.
  const auto window = kernel.reshape({96, 9}).t();
  EXPECT_NEAR(by(kernel, "tt(out=12,in=8,r=4)").error, discarded(window, 4), 1e-12);
  // Inputs at full rank: only the unfolding of the outputs is cut.
  EXPECT_NEAR(by(kernel, "tucker(r=6x8)").error, discarded(kernel.flatten(1), 6), 1e-12);
}

TEST(DecomposeWeight, SeveralCutsStayWithinTheSumOfTheirSpectra) {
  const auto dense = drawn_weight({24, 30}, "m");
  const auto found = by(dense, "tt(out=2x3x4,in=5x3x2,r=6x5)");
  const auto digits = dense.reshape({2, 3, 4, 5, 3, 2}).permute({0, 3, 1, 4, 2, 5});
  const double first = discarded(digits.reshape({10, 72}), 6),
               second = discarded(digits.reshape({90, 8}), 5);
  EXPECT_GE(found.error, std::max(first, second) - 1e-12);
  EXPECT_LE(found.error, std::hypot(first, second) + 1e-12);
}

TEST(DecomposeWeight, RanksAreUpperBounds) {
  for (const auto& dense : {falling({24, 40}), falling({12, 8, 3, 3})}) {
    for (const char* format : {"low_rank", "tt", "tucker", "cp"}) {
      const auto bounded = by(dense, fmt::format("{}(r=3)", format));
      const auto size =
          nn::resolve(nn::parse_weight_spec(fmt::format("{}(r=3)", format)), dense.sizes().vec());
      EXPECT_EQ(bounded.weight->parameters(), nn::stored_numbers(size, dense.sizes().vec()));
      // The bound wins over a tolerance that it cannot meet, and is not reached for a loose one.
      EXPECT_EQ(by(dense, fmt::format("{}(r=3,eps=1e-6)", format)).weight->parameters(),
                bounded.weight->parameters());
      const auto loose = by(dense, fmt::format("{}(r=3,eps=0.9)", format));
      EXPECT_LE(loose.error, 0.9) << format;
      EXPECT_LT(loose.weight->parameters(), bounded.weight->parameters()) << format;
    }
  }
}

TEST(DecomposeWeight, ARatioIsKeptAndNotWasted) {
  for (const auto& dense : {falling({48, 64}), falling({24, 16, 3, 3})}) {
    const auto all = static_cast<double>(dense.numel());
    for (const char* format : {"low_rank", "tt", "tucker", "cp"}) {
      for (const double ratio : {0.2, 0.5}) {
        const auto found = by(dense, fmt::format("{}(ratio={})", format, ratio));
        const auto numbers = static_cast<double>(found.weight->parameters());
        EXPECT_LE(numbers, ratio * all) << format;
        EXPECT_GE(numbers, 0.7 * ratio * all) << format;
        EXPECT_NEAR(distance(dense, found.weight), found.error, 1e-12);
      }
    }
  }
}

/// Ranks go where the spectrum needs them: a kernel of few outputs and all inputs.
TEST(DecomposeWeight, ARatioFollowsTheSpectra) {
  const auto few = at::matmul(drawn_weight({32, 2}, "a"), drawn_weight({2, 32 * 9}, "b"))
                       .reshape({32, 32, 3, 3});
  const auto tucker = by(few, "tucker(ratio=0.3)");
  EXPECT_LT(tucker.error, 1e-12);
  EXPECT_EQ(tucker.weight->factors()[0].tensor.size(1), 2);
  const auto even = nn::resolve(nn::parse_weight_spec("tucker(ratio=0.3)"), {32, 32, 3, 3});
  EXPECT_GT(even.ranks[0], 2);
  for (const auto& dense : {few, falling({32, 32, 3, 3}), drawn_weight({32, 32, 3, 3}, "flat")}) {
    for (const double ratio : {0.1, 0.5}) {
      for (const std::string format : {"tt(out=8x4,in=8x4", "tucker("}) {
        const auto separator = format.back() == '(' ? "" : ",";
        const auto size = nn::resolve(
            nn::parse_weight_spec(fmt::format("{}{}ratio={})", format, separator, ratio)),
            {32, 32, 3, 3});
        const auto one_rank = by(dense, nn::to_string(size)).error;
        const auto chosen = by(dense, fmt::format("{}{}ratio={})", format, separator, ratio)).error;
        EXPECT_LE(chosen, one_rank + 1e-12) << format << ratio;
      }
    }
  }
}

TEST(DecomposeWeight, ATypeIsKept) {
  for (const auto type : {at::kFloat, at::kBFloat16}) {
    const auto dense = drawn_weight({8, 12}, "m").to(type);
    for (const char* format : {"low_rank", "tt", "tucker", "cp"}) {
      // Full ranks: two cores of 4x4 and 2x3 have one bond of six.
      const int rank = std::string(format) == "tt" ? 6 : 8;
      const auto found = by(dense, fmt::format("{}(r={})", format, rank));
      EXPECT_EQ(found.weight->factors()[0].tensor.scalar_type(), type);
      if (std::string(format) == "low_rank") {
        EXPECT_LT(distance(dense.to(at::kDouble), found.weight), type == at::kFloat ? 1e-6 : 2e-2);
      }
    }
  }
}

TEST(DecomposeWeight, CPGrowsUntilTheToleranceIsMet) {
  const auto low = at::matmul(drawn_weight({20, 4}, "a"), drawn_weight({4, 30}, "b"));
  const auto found = by(low, "cp(eps=1e-3)");
  EXPECT_LE(found.error, 1e-3);
  EXPECT_THAT(error_of([] { by(drawn_weight({6, 6}, "m"), "cp(eps=1e-3)"); }),
              HasSubstr("no CP form of fewer numbers"));
}

// A row of ranks that grows by a quarter (.. 7, 8, 10, 12, 15 ..) passes over eleven.
TEST(DecomposeWeight, CPTakesTheFewestTermsThatAreFound) {
  const auto low = at::matmul(drawn_weight({40, 11}, "a"), drawn_weight({11, 50}, "b"));
  EXPECT_EQ(by(low, "cp(eps=1e-3)").weight->spec(), "cp(r=11)");
  const auto kernel = falling({16, 12, 3, 3});
  const auto search = tn::approximate_cp(kernel, {.close = {.eps = 0.2}, .max_sweeps = 200});
  const auto found = by(kernel, "cp(eps=0.2)");
  EXPECT_EQ(found.weight->spec(), fmt::format("cp(r={})", tn::rank(search.value)));
  EXPECT_NEAR(found.error, search.error, 1e-9);
}

TEST(DecomposeWeight, RanksThatNothingHasAreRefused) {
  const auto matrix = drawn_weight({24, 40}, "m"), kernel = drawn_weight({12, 8, 3, 3}, "k");
  EXPECT_THAT(error_of([&] { by(matrix, "tt(out=4x6,in=8x5,r=31)"); }),
              HasSubstr("rank 31 is above 30"));
  EXPECT_THAT(error_of([&] { by(matrix, "tt(out=4x6,in=8x5,eps=0.1,r=31)"); }),
              HasSubstr("rank 31 is above 30"));
  EXPECT_THAT(error_of([&] { by(kernel, "tt(out=4x3,in=4x2,r=10x3)"); }),
              HasSubstr("rank 10 of bond 0 is above 9"));
  EXPECT_THAT(error_of([&] { by(kernel, "tucker(r=13)"); }), HasSubstr("rank 13 is above 12"));
  EXPECT_THAT(error_of([&] { by(kernel, "cp(r=73)"); }), HasSubstr("between 1 and 72"));
  EXPECT_THAT(error_of([&] { nn::Tucker2::from_dense(kernel, {12, 9}); }),
              HasSubstr("rank 9 of mode 1 is above 8"));
}

TEST(DecomposeWeight, SaysWhatDoesNotFit) {
  const auto dense = drawn_weight({6, 20}, "m");
  EXPECT_THAT(error_of([&] { by(dense, "low_rank(r=7)"); }), HasSubstr("above 6"));
  EXPECT_THAT(error_of([&] { by(dense, "tt(out=2x2,in=4x5,eps=0.1)"); }),
              HasSubstr("do not give a weight of 6 outputs"));
  EXPECT_THAT(error_of([&] { by(dense, "tucker(r=2x2x2)"); }), HasSubstr("two ranks"));
  EXPECT_THAT(error_of([&] { by(dense, "low_rank(ratio=0.01)"); }), HasSubstr("even at rank 1"));
}

}  // namespace
}  // namespace ranklens::compress
