#include "ranklens/compress/candidates.h"

#include <cmath>
#include <set>

#include <ATen/ops/einsum.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "ranklens/base/random.h"
#include "ranklens/compress/decompose_weight.h"
#include "ranklens/compress/measure.h"

#include "compress/kernels.h"
#include "testing/normal.h"

namespace ranklens::compress {
namespace {

using Format = nn::WeightSpec::Format;
using testing::normal_double;

/// With every error computed.
std::vector<Candidate> measured(const at::Tensor& dense) {
  auto all = candidates_for(dense);
  for (std::size_t k = 0; k < all.size(); ++k) measure(dense, all, k);
  return all;
}

/// A matrix that is a train of these modes.
at::Tensor of_cores(const std::string& spec, const nn::Shape& shape) {
  return decompose_weight(normal_double(shape, "matrix"), nn::parse_weight_spec(spec))
      .weight->dense();
}

TEST(Candidates, PromiseWhatDecomposingGives) {
  std::set<Format> seen;
  for (const auto& dense :
       {normal_double({12, 30}, "matrix"), normal_double({16, 12, 3, 3}, "kernel"),
        of_terms({16, 12, 3, 3}, 6) + 0.3 * normal_double({16, 12, 3, 3}, "noise"),
        of_cores("tt(r=3)", {64, 64}) + 0.01 * normal_double({64, 64}, "noise")}) {
    const auto all = measured(dense);
    ASSERT_GT(all.size(), 5);
    EXPECT_TRUE(all[0].spec.is_dense());
    for (const auto& candidate : all) {
      if (candidate.spec.is_dense()) continue;
      seen.insert(candidate.spec.format);
      const auto found = decompose_weight(dense, candidate.spec);
      EXPECT_EQ(found.weight->parameters(), candidate.parameters);
      EXPECT_LT(candidate.parameters, dense.numel());
      const double error = found.error * found.error, promised = candidate.squared_error;
      switch (candidate.spec.format) {
        case Format::low_rank:
          EXPECT_NEAR(error, promised, 1e-10);
          break;
        case Format::cp:  // more sweeps come closer
          EXPECT_LE(error, promised + 1e-9);
          break;
        case Format::tt:
          EXPECT_NEAR(error, promised, 1e-10);
          break;
        default:
          // A truncated HOSVD and a sequentially truncated one are both within the number of cut
          // modes of the best squared error (Vannieuwenhoven, Vandebril, Meerbergen 2012, theorem
          // 6.5).
          EXPECT_LE(promised, 2 * error);
          EXPECT_LE(error, 2 * promised);
      }
    }
  }
  EXPECT_EQ(seen, (std::set<Format>{Format::low_rank, Format::tt, Format::tucker, Format::cp}));
}

/// The closest of the candidates of so many numbers at most.
Candidate closest(const at::Tensor& dense, std::int64_t numbers) {
  Candidate best{.spec = {}, .parameters = 0, .squared_error = 2};
  for (const auto& candidate : measured(dense))
    if (candidate.parameters <= numbers && candidate.squared_error < best.squared_error)
      best = candidate;
  return best;
}

// As of kernels so large that not even one term is computed: a guess that is too low is found out
// when it would be chosen, one that is too high never.
TEST(Candidates, TermsThatAreNotComputedAreGuessedLow) {
  const auto dense = of_terms({16, 12, 3, 3}, 6) + 0.3 * normal_double({16, 12, 3, 3}, "noise");
  auto guessed = candidates_for(dense, 0);
  const auto computed = measured(dense);
  ASSERT_EQ(guessed.size(), computed.size());
  std::size_t terms = 0;
  for (std::size_t k = 0; k < guessed.size(); ++k) {
    if (guessed[k].spec.format != Format::cp) continue;
    ++terms;
    EXPECT_TRUE(guessed[k].estimated);
    EXPECT_LE(guessed[k].squared_error, computed[k].squared_error + 1e-12);
    EXPECT_LT(guessed[k].squared_error, 1);
  }
  EXPECT_GT(terms, 3U);
  for (std::size_t k = 0; k < guessed.size(); ++k) measure(dense, guessed, k);
  for (std::size_t k = 0; k < guessed.size(); ++k)
    EXPECT_NEAR(guessed[k].squared_error, computed[k].squared_error, 1e-9);
}

TEST(Candidates, TheFormatOfAWeightIsFound) {
  const auto terms = closest(of_terms({32, 24, 3, 3}, 3), 3 * (32 + 24 + 3 + 3));
  EXPECT_EQ(terms.spec.format, Format::cp);
  EXPECT_LT(terms.squared_error, 0.05);
  const auto cores = closest(of_cores("tt(r=2)", {64, 64}), 2 * 16 + 2 * 16 * 2 + 2 * 16);
  EXPECT_EQ(cores.spec.format, Format::tt);
  EXPECT_EQ(cores.spec.ranks, (nn::Shape{2, 2}));
  EXPECT_LT(cores.squared_error, 1e-12);
  const auto thin = at::matmul(normal_double({40, 2}, "a"), normal_double({2, 50}, "b"));
  EXPECT_EQ(closest(thin, 2 * 90).spec.format, Format::low_rank);
  EXPECT_LT(closest(thin, 2 * 90).squared_error, 1e-12);
}

TEST(Candidates, OfZerosCostNothing) {
  for (const auto& candidate : candidates_for(at::zeros({8, 6, 3, 3}))) {
    EXPECT_EQ(candidate.squared_error, 0);
    EXPECT_TRUE(candidate.spec.is_dense() || candidate.parameters < 8 * 6 * 9);
  }
}

TEST(Candidates, ATuckerFormThatIsThereIsFoundWithoutError) {
  const auto core = normal_double({8, 6, 3, 3}, "core").reshape({8, -1});
  const auto half = at::matmul(normal_double({16, 8}, "u"), core).reshape({16, 6, 9});
  const auto dense = at::matmul(normal_double({12, 6}, "v"), half).reshape({16, 12, 3, 3});
  double least = 1;
  for (const auto& candidate : candidates_for(dense)) {
    if (candidate.spec.ranks != nn::Shape{8, 6}) continue;
    least = candidate.squared_error;
  }
  EXPECT_LT(least, 1e-12);
}

}  // namespace
}  // namespace ranklens::compress
