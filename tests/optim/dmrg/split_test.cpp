#include "ranklens/optim/dmrg/split.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/linalg_svd.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include "ranklens/base/random.h"

namespace ranklens::optim {
namespace {

at::Tensor draw(at::IntArrayRef sizes, std::uint64_t seed) {
  base::Stream stream(seed, "noise", "split");
  return stream.normal(sizes, 0, 1, at::kDouble);
}

double norm(const at::Tensor& x) { return at::linalg_vector_norm(x).item<double>(); }

/// Second moments whose eigenvalues go over four orders of magnitude.
at::Tensor uneven_moments(std::int64_t size, std::uint64_t seed) {
  auto rows = draw({3 * size, size}, seed);
  for (std::int64_t k = 0; k < size; ++k)
    rows.select(1, k).mul_(std::pow(10., -2. * static_cast<double>(k) / static_cast<double>(size)));
  rows = at::matmul(rows, std::get<0>(at::linalg_svd(draw({size, size}, seed + 1))));
  return at::matmul(rows.t(), rows);
}

/// The symmetric root, which the code does not use.
at::Tensor root(const at::Tensor& moments) {
  const auto [values, vectors] = at::linalg_eigh(moments);
  return at::matmul(vectors * values.clamp_min(0).sqrt(), vectors.t());
}

constexpr std::int64_t kP = 6, kC = 3, kQ = 8;

/// A pair as the matrix that is cut, times symmetric roots of both sides' moments.
at::Tensor weighted(const at::Tensor& matrix, bool label_left, const CutWeights& weights) {
  auto whole = matrix.reshape({kP, kC, kQ});
  if (weights.left.defined()) {
    whole = at::matmul(root(weights.left), whole.reshape({kP, -1})).view({kP, kC, kQ});
    whole = at::matmul(whole, root(weights.right));
  }
  return label_left ? whole.reshape({kP * kC, kQ}) : whole.reshape({kP, kC * kQ});
}

double tail(const at::Tensor& matrix, std::int64_t rank) {
  const auto values = std::get<1>(at::linalg_svd(matrix, false));
  return norm(values.narrow(0, rank, values.size(0) - rank));
}

TEST(SplitPair, IsTheNearestPairInTheNormOfItsWeights) {
  const auto pair = draw({kP, kC, kQ}, 1);
  const CutWeights none, moments{uneven_moments(kP, 2), uneven_moments(kQ, 4)};
  for (const bool label_left : {true, false}) {
    for (const bool rightward : {true, false}) {
      for (const auto* weights : {&none, &moments}) {
        const auto cut =
            split_pair(pair, label_left, *weights, {.max_rank = 4, .rightward = rightward});
        ASSERT_EQ(cut.first.size(1), 4);
        const auto basis = rightward ? cut.first : cut.second.t();
        EXPECT_LT(norm(at::matmul(basis.t(), basis) - at::eye(4, basis.options())), 1e-12);
        const auto made = at::matmul(cut.first, cut.second);
        const auto off = pair.reshape(made.sizes()) - made;
        EXPECT_NEAR(cut.discarded, norm(off), 1e-12);
        // Eckart and Young (1936), in coordinates in which the weights are the identity.
        const auto whole = weighted(pair, label_left, *weights);
        const double least = tail(whole, 4);
        EXPECT_NEAR(norm(weighted(off, label_left, *weights)) / least, 1, 1e-5);
        EXPECT_NEAR(cut.share / std::pow(least / norm(whole), 2), 1, 1e-4);
      }
      // What the plain cut leaves is worse by far.
      const auto plain = split_pair(pair, label_left, none, {.max_rank = 4});
      const auto off =
          pair.reshape({plain.first.size(0), -1}) - at::matmul(plain.first, plain.second);
      EXPECT_GT(norm(weighted(off, label_left, moments)),
                1.3 * tail(weighted(pair, label_left, moments), 4));
    }
  }
}

TEST(SplitPair, CutsNoMoreThanItsShare) {
  const auto pair = draw({kP, kC, kQ}, 7);
  const CutWeights moments{uneven_moments(kP, 2), uneven_moments(kQ, 4)};
  for (const double cutoff : {0., 1e-3, 0.1}) {
    const auto cut = split_pair(pair, false, moments, {.max_rank = 100, .cutoff = cutoff});
    EXPECT_LE(cut.share, cutoff + 1e-20);
    EXPECT_EQ(cut.first.size(1) == kP, cutoff == 0) << cutoff;
  }
  EXPECT_EQ(split_pair(pair, true, moments, {.max_rank = 100}).first.size(1), kQ);
}

// Data that never show a direction, and a pair of zeros.
TEST(SplitPair, BearsMomentsWithoutRank) {
  const auto pair = draw({kP, kC, kQ}, 8);
  auto left = uneven_moments(kP, 2);
  left.select(0, 1).zero_(), left.select(1, 1).zero_();
  const auto cut = split_pair(pair, true, {left, uneven_moments(kQ, 3)}, {.max_rank = 100});
  EXPECT_LT(cut.discarded, 1e-8);
  const auto nothing = at::zeros_like(left);
  EXPECT_LT(
      split_pair(pair, true, {nothing, nothing.new_zeros({kQ, kQ})}, {.max_rank = 100}).discarded,
      1e-12);
  const auto zero = split_pair(0 * pair, true, {left, uneven_moments(kQ, 3)}, {.max_rank = 3});
  EXPECT_EQ(norm(at::matmul(zero.first, zero.second)), 0);
  EXPECT_EQ(zero.share, 0);
}

}  // namespace
}  // namespace ranklens::optim
