#include <cmath>

#include <ATen/ops/linalg_svdvals.h>

#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/train/algebra.h"
#include "ranklens/tn/train/decompose.h"
#include "ranklens/tn/train/make.h"
#include "ranklens/tn/train/round.h"

#include "tn/values.h"

// What is known of the error of TT-SVD (Oseledets 2011, theorem 2.2 and corollary 2.4), to the
// digits that float64 has, and of its randomised form.
namespace ranklens::tn {
namespace {

using namespace ranklens::testing;

struct Noisy {
  at::Tensor tensor;
  double off = 0;  ///< norm of the noise: a tensor of these ranks is that near
};

Noisy near_low_ranks(const Shape& shape, const Shape& ranks, double level, at::ScalarType dtype,
                     std::uint64_t seed) {
  base::Stream stream(seed, "init", "near low ranks");
  const auto signal = full(random(stream, shape, {.ranks = ranks, .dtype = dtype}));
  const auto added = noise(shape, dtype, seed + 100);
  const double factor = level * norm_of(signal) / norm_of(added);
  return {signal + added * factor, factor * norm_of(added)};
}

/// Error of the best matrix of these ranks, of every unfolding.
std::vector<double> unfolding_errors(const at::Tensor& a, const Shape& ranks) {
  std::vector<double> errors;
  std::int64_t rows = 1;
  for (std::size_t k = 0; k < ranks.size(); ++k) {
    rows *= a.size(static_cast<std::int64_t>(k));
    const auto s = at::linalg_svdvals(a.reshape({rows, -1}));
    errors.push_back(norm_of(s.narrow(0, ranks[k], s.size(0) - ranks[k])));
  }
  return errors;
}

TEST(OracleTTSVD, ErrorIsTheDiscardedValuesBetweenItsBounds) {
  for (const auto dtype : {at::kDouble, at::kComplexDouble}) {
    for (const auto& shape : {Shape{5, 6, 4, 7}, {3, 4, 5, 3, 4}}) {
      const Shape bounds(shape.size() - 1, 3);
      const auto [a, off] = near_low_ranks(shape, bounds, 0.4, dtype, 7);
      for (const auto factoriser : {Factoriser::automatic, Factoriser::svd, Factoriser::gram}) {
        const auto found = decompose(a, {.ranks = bounds, .factoriser = factoriser});
        const double error = norm_of(full(found.train) - a);
        double discarded = 0, sum = 0, largest = 0;
        for (const auto& cut : found.cuts) discarded += std::pow(cut.discarded, 2);
        for (const double e : unfolding_errors(a, bounds)) {
          sum += e * e;
          largest = std::max(largest, e);
        }
        EXPECT_NEAR(std::sqrt(discarded) / error, 1, 1e-10);
        EXPECT_NEAR(found.error * norm_of(a) / error, 1, 1e-10);
        EXPECT_LE(largest, error * (1 + 1e-12));
        EXPECT_LE(error, std::sqrt(sum) * (1 + 1e-12));
        // No further off than sqrt(d - 1) times the best, which is no further off than the signal.
        EXPECT_LE(error, std::sqrt(static_cast<double>(bounds.size())) * off);
      }
    }
  }
}

// What is cut off counts by its squares: by the values themselves, nine of 0.1 would need an eps
// three times as large.
TEST(OracleTTSVD, EpsIsOnTheSquares) {
  auto values = at::ones({40}, at::kDouble);
  values.narrow(0, 4, 36).fill_(0.1);
  const auto u = qr(noise({40, 40}, at::kDouble, 1)).q, v = qr(noise({40, 40}, at::kDouble, 2)).q;
  const auto a = at::mm(u * values, v.t());
  // ||A||^2 = 4 + 0.36; with k of the small ones left out the error is 0.1 sqrt(k).
  const double whole = std::sqrt(4.36);
  for (const std::int64_t left_out : {1, 9, 20, 36}) {
    const double eps = 0.1 * std::sqrt(static_cast<double>(left_out) + 0.5) / whole;
    const auto found = decompose(a, {.eps = eps});
    EXPECT_EQ(ranks(found.train)[0], 40 - left_out);
    EXPECT_NEAR(found.error, 0.1 * std::sqrt(static_cast<double>(left_out)) / whole, 1e-12);
  }
}

TEST(OracleTTSVD, TwentyModesOfTwo) {
  const Shape shape(20, 2);
  for (const auto dtype : {at::kDouble, at::kComplexFloat}) {
    base::Stream stream(6, "init", "many modes");
    const auto hidden = random(stream, shape, {.ranks = {5}, .dtype = dtype});
    const auto dense = full(hidden);
    const auto found = decompose(dense, {.eps = is_narrow(dtype) ? 1e-4 : 1e-10});
    EXPECT_EQ(ranks(found.train), ranks(hidden));
    EXPECT_LT(relative(full(found.train), dense), is_narrow(dtype) ? 1e-5 : 1e-12);
    const auto bounded = decompose(dense, {.ranks = {3}});
    EXPECT_NEAR(relative(full(bounded.train), dense), bounded.error, 1e-5);
    for (const auto rank : ranks(bounded.train)) EXPECT_LE(rank, 3);
  }
}

TEST(OracleTTSVD, RandomisedIsNearTheDeterministicError) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const auto a = near_low_ranks({48, 30, 52}, {6, 6}, 0.1, at::kDouble, seed).tensor;
    const auto sure = decompose(a, {.ranks = {6}, .factoriser = Factoriser::svd});
    const auto sketched = decompose(a, {.ranks = {6}, .factoriser = Factoriser::randomised});
    EXPECT_LE(relative(full(sketched.train), a), 1.01 * sure.error);
    // The same from a train, with the oversampling that is usual.
    const auto train = decompose(a, {.ranks = {18}}).train;
    const auto dense = full(train);
    const auto exact = round(train, {.ranks = {6}});
    for (std::uint64_t draw = 0; draw < 4; ++draw) {
      const auto rough = round(
          train,
          {.ranks = {6}, .method = RoundMethod::randomised, .oversampling = 10, .seed = draw});
      EXPECT_LE(relative(full(rough.train), dense), 1.05 * relative(full(exact.train), dense));
    }
  }
}

TEST(OracleTTSVD, RandomisedIsExactForExactRanks) {
  for (const auto dtype : kFour) {
    const auto a = near_low_ranks({64, 30, 60}, {6, 5}, 0, dtype, 3).tensor;
    for (const auto& close : {Closeness{.ranks = {6, 5}, .factoriser = Factoriser::randomised},
                              Closeness{.eps = is_narrow(dtype) ? 1e-5 : 1e-11,
                                        .factoriser = Factoriser::randomised}}) {
      const auto found = decompose(a, close);
      EXPECT_EQ(ranks(found.train), (Shape{6, 5}));
      EXPECT_LT(relative(full(found.train), a), rounding_of(dtype));
    }
  }
}

// Whichever side is the longer, a matrix and its adjoint are cut to the same.
TEST(OracleTTSVD, NoSideIsFavoured) {
  for (const auto dtype : kFour) {
    for (const auto& [m, n] : {std::pair{30, 30}, {20, 45}, {45, 20}, {300, 220}}) {
      const auto a = noise({m, n}, dtype, 5);
      for (const auto method :
           {Factoriser::automatic, Factoriser::svd, Factoriser::gram, Factoriser::randomised}) {
        const auto here = factorise(a, {.max_rank = 6}, method);
        const auto there = factorise(a.mH(), {.max_rank = 6}, method);
        EXPECT_NEAR(here.discarded / there.discarded, 1, 1e-2);
        if (method == Factoriser::randomised || m == 300) continue;  // near the best, not at it
        const auto back = at::mm(there.u * there.s, there.vh).mH();
        EXPECT_LT(relative(at::mm(here.u * here.s, here.vh), back), 1e3 * rounding_of(dtype));
      }
    }
  }
}

}  // namespace
}  // namespace ranklens::tn
