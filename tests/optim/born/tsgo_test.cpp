#include "ranklens/optim/born/tsgo.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/ones.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/base/error.h"
#include "ranklens/base/random.h"
#include "ranklens/tn/born/born.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/train/algebra.h"
#include "ranklens/tn/train/sweep.h"

namespace ranklens::optim {
namespace {

tn::TensorTrain born_state(std::int64_t sites, std::int64_t rank, std::uint64_t seed) {
  base::Stream stream(seed, "noise", "tsgo");
  tn::TensorTrain train;
  for (std::int64_t k = 0; k < sites; ++k) {
    const auto left = k == 0 ? 1 : rank, right = k + 1 == sites ? 1 : rank;
    train.cores.push_back(stream.normal({left, 2, right}, 0, 1, at::kDouble));
  }
  return train;
}

// A few patterns with noise: [samples, sites] of bits as unit vectors.
at::Tensor patterns(std::int64_t samples, std::int64_t sites, std::uint64_t seed) {
  base::Stream stream(seed, "noise", "patterns");
  const auto kinds = stream.integers({3, sites}, 2);
  const auto which = stream.integers({samples}, 3);
  const auto flips = stream.bernoulli_mask({samples, sites}, 0.05);
  const auto bits = kinds.index_select(0, which).bitwise_xor(flips.to(at::kLong));
  return tn::basis_features(bits, 2, at::kDouble);
}

/// Of unit vectors; where the angle is small its cosine has lost half of its digits.
double angle_between(const at::Tensor& one, const at::Tensor& other) {
  const double along = (one * other).sum().item<double>();
  return std::atan2(tn::frobenius(other - along * one), along);
}

TEST(Rotated, TurnsByExactlyTheAngle) {
  base::Stream stream(1, "noise", "turn");
  auto point = stream.normal({3, 2, 4}, 0, 1, at::kDouble);
  point = point / tn::frobenius(point);
  for (const double length : {1e-6, 1.0, 40.0}) {
    auto gradient = stream.normal({3, 2, 4}, 0, length, at::kDouble);
    for (const double angle : {0.0873, 0.5}) {
      const auto moved = rotated(point, gradient, angle);
      EXPECT_NEAR(angle_between(point, moved), angle, 1e-14);
      EXPECT_NEAR(tn::frobenius(moved), 1, 1e-14);
      EXPECT_LT((moved * gradient).sum().item<double>(), (point * gradient).sum().item<double>());
    }
    // The published step, tan(angle) times the gradient as it is, turns by the angle where the
    // gradient has length one, and by another elsewhere.
    gradient = gradient - (gradient * point).sum() * point;
    const double size = tn::frobenius(gradient);
    const auto slip = [&](double factor) {
      const auto moved = point - std::tan(0.0873) * factor * gradient;
      return angle_between(point, moved / tn::frobenius(moved));
    };
    EXPECT_NEAR(slip(1 / size), 0.0873, 1e-14);
    EXPECT_NEAR(slip(1), std::atan(std::tan(0.0873) * size), 1e-14);
    EXPECT_GT(std::abs(slip(1) - 0.0873), 0.01);
  }
}

TEST(CentreGradient, IsThatOfTheLossAndOrthogonalToTheCore) {
  auto train = tn::canonical(born_state(5, 3, 2), 2);
  train.log_scale = 0;
  train.cores[2] = train.cores[2] / tn::frobenius(train.cores[2]);
  const auto x = patterns(20, 5, 3);
  auto before = at::ones({20, 1}, at::kDouble), behind = before;
  const auto times = [](const at::Tensor& a, const at::Tensor& b) {
    return (a.unsqueeze(2) * b.unsqueeze(1)).flatten(1);
  };
  for (const int k : {0, 1}) {
    before = times(before, x.select(1, k))
                 .matmul(train.cores[static_cast<std::size_t>(k)].flatten(0, 1));
  }
  for (const int k : {4, 3}) {
    behind = times(x.select(1, k), behind)
                 .matmul(train.cores[static_cast<std::size_t>(k)].flatten(1).t());
  }
  const auto found = centre_gradient(train.cores[2], 7 * before, x.select(1, 2), -0.1 * behind);
  EXPECT_NEAR((found * train.cores[2]).sum().item<double>(), 0, 1e-13);
  // By autograd of log <T, T> - mean of log psi^2.
  const auto core = train.cores[2].detach().clone().requires_grad_();
  const auto psi = (times(before, x.select(1, 2)).matmul(core.flatten(0, 1)) * behind).sum(1);
  const auto loss = core.square().sum().log() - psi.square().log().mean();
  const auto expected = torch::autograd::grad({loss}, {core})[0];
  EXPECT_LT((found - expected).abs().max().item<double>(), 1e-11);
}

TEST(Tsgo, LearnsPatternsAndStaysOfNormOne) {
  const auto x = patterns(200, 10, 4);
  Tsgo tsgo(born_state(10, 4, 5), x, {.angle = 0.1});
  const double before = tn::negative_log_likelihood(tsgo.state(), x);
  double loss = before;
  for (int k = 0; k < 20; ++k) {
    loss = tsgo.sweep();
    EXPECT_NEAR(tn::norm(tsgo.state()), 1, 1e-12);
  }
  EXPECT_NEAR(loss, tn::negative_log_likelihood(tsgo.state(), x), 1e-12);
  // Three patterns with 5 % of noise: ln 3 + 10 H(0.05) nats, no less than that is possible by
  // much.
  const double entropy = -0.05 * std::log(0.05) - 0.95 * std::log(0.95);
  EXPECT_LT(loss, std::log(3.0) + 10 * entropy + 0.4);
  EXPECT_GT(before, loss + 1);
  // The scale of the state says nothing.
  auto scaled = tsgo.state();
  scaled.log_scale = 3;
  EXPECT_NEAR(tn::negative_log_likelihood(scaled, x), loss, 1e-12);
}

TEST(Tsgo, TheAngleShrinksWhenTheLossRises) {
  const auto x = patterns(100, 8, 6);
  Tsgo tsgo(born_state(8, 4, 7), x, {.angle = 1.2});
  for (int k = 0; k < 12; ++k) tsgo.sweep();
  EXPECT_LT(tsgo.angle(), 1.2);
  EXPECT_THROW(Tsgo(born_state(8, 4, 7), x, {.angle = 2}), base::Error);
}

}  // namespace
}  // namespace ranklens::optim
