#include "ranklens/tn/train/round.h"

#include <torch/csrc/autograd/autograd.h>

#include "ranklens/tn/train/algebra.h"
#include "ranklens/tn/train/make.h"
#include "ranklens/tn/train/round_methods.h"

#include "testing/expect_error.h"
#include "tn/values.h"

namespace ranklens::tn {
namespace {

using namespace ranklens::testing;

const RoundMethod kMethods[] = {RoundMethod::qr, RoundMethod::gram, RoundMethod::randomised};

class Round : public FourTypes {
 protected:
  TensorTrain made(const Shape& shape, std::int64_t rank, std::uint64_t seed) const {
    base::Stream stream(seed, "init", "round");
    return random(stream, shape, {.ranks = {rank}, .dtype = GetParam()});
  }
  /// Rank `rank` plus noise of relative norm `level` and rank `more`.
  TensorTrain noisy(const Shape& shape, std::int64_t rank, std::int64_t more, double level) const {
    const auto signal = made(shape, rank, 1), added = made(shape, more, 2);
    return signal + (level * norm(signal) / norm(added)) * added;
  }
};

TEST_P(Round, EpsIsKeptAndTheErrorStated) {
  const auto train = noisy({4, 5, 3, 5, 4}, 3, 8, 1e-2);
  const auto dense = full(train);
  for (const auto method : kMethods) {
    Shape before(4, 100);
    for (const double eps : {1e-4, 0.02, 0.3, 0.8}) {
      const auto found = round(train, {.eps = eps, .method = method});
      const double error = relative(full(found.train), dense);
      EXPECT_LE(error, eps);
      EXPECT_NEAR(found.error, error, 1e-3 * eps + 1e-5) << static_cast<int>(method);
      const auto now = ranks(found.train);
      for (std::size_t k = 0; k < now.size(); ++k) EXPECT_LE(now[k], before[k]);
      before = now;
      if (eps == 0.02) {
        EXPECT_EQ(now, (Shape{3, 3, 3, 3})) << static_cast<int>(method);
      }
    }
  }
}

TEST_P(Round, RanksAreKeptAndTheErrorIsNearTheBest) {
  const double level = is_narrow(GetParam()) ? 1e-4 : 1e-6;
  const auto train = noisy({5, 6, 5, 6, 5}, 4, 12, level);
  const auto dense = full(train);
  const double best = relative(full(decompose(dense, {.ranks = {4}}).train), dense);
  for (const auto method : kMethods) {
    const auto found = round(train, {.ranks = {4}, .method = method});
    EXPECT_EQ(ranks(found.train), (Shape{4, 4, 4, 4}));
    const double error = relative(full(found.train), dense);
    EXPECT_LT(error, 1.05 * best) << static_cast<int>(method);
    if (!is_narrow(GetParam())) {
      EXPECT_NEAR(found.error, error, 0.05 * error + 2e-8) << static_cast<int>(method);
    }
  }
}

TEST_P(Round, ExactRanksAreFoundAgain) {
  const auto train = made({4, 3, 5, 4}, 3, 1);
  const auto doubled = train + train;
  for (const auto method : kMethods) {
    const auto found =
        round(doubled, {.eps = is_narrow(GetParam()) ? 1e-5 : 1e-11, .method = method});
    EXPECT_EQ(ranks(found.train), (Shape{3, 3, 3}));
    EXPECT_LT(relative(full(found.train), full(doubled)), 10 * rounding_of(GetParam()));
  }
}

// The accuracy floor of Gram matrices: the other methods have to hand over to QR.
TEST_P(Round, EveryMethodReachesEpsBelowTheFloor) {
  if (is_narrow(GetParam())) GTEST_SKIP() << "float32 has no such digits";
  const auto train = noisy({4, 5, 3, 5, 4}, 3, 5, 1e-9);
  const auto dense = full(train);
  EXPECT_FALSE(rounding::by_gram(train, {1e-10, Shape(4, 1000)}));
  for (const auto method : kMethods) {
    const auto found = round(train, {.eps = 1e-10, .method = method});
    EXPECT_LE(relative(full(found.train), dense), 1e-10);
  }
}

TEST_P(Round, TheMethodsAskedForAreTheOnesUsed) {
  const auto train = noisy({5, 6, 5, 6, 5}, 3, 20, 1e-2);
  EXPECT_TRUE(rounding::by_gram(train, {0.05, Shape(4, 1000)}));
  EXPECT_TRUE(rounding::by_sketch({train}, {1e-16, Shape(4, 5)}, {.ranks = {5}}));
  EXPECT_TRUE(rounding::by_sketch({noisy({8, 9, 9, 8}, 3, 60, 1e-3)}, {0.05, Shape(3, 1000)},
                                  {.eps = 0.05}));
}

TEST_P(Round, SumsAreRoundedTermByTerm) {
  std::vector<TensorTrain> terms;
  std::vector<std::complex<double>> factors;
  auto total = full(made({5, 6, 5, 4}, 2, 1)) * 0;
  for (std::uint64_t j = 0; j < 6; ++j) {
    terms.push_back(made({5, 6, 5, 4}, 2, j));
    terms.back().log_scale = 0.5 * static_cast<double>(j);
    factors.emplace_back(1.0 - 0.4 * static_cast<double>(j), 0);
    total = total + full(terms.back()) * factors.back().real();
  }
  for (const auto& options : {RoundOptions{.ranks = {6}}, RoundOptions{.eps = 0.3}}) {
    const auto found = round_sum(terms, factors, options);
    const double error = relative(full(found.train), total);
    const double best =
        relative(full(decompose(total, {.ranks = ranks(found.train)}).train), total);
    EXPECT_LT(error, 1.1 * best + 1e-5);
    EXPECT_NEAR(found.error, error, 1e-2 * error + 1e-4);
    if (options.eps > 0) {
      EXPECT_LE(error, options.eps);
    } else {
      EXPECT_LE(ranks(found.train)[1], 6);
    }
  }
  // Terms that cancel but for one: the sum has that one's ranks.
  const auto single = round_sum({terms[0], terms[1], terms[1]}, {1.0, 1.0, -1.0}, {.eps = 1e-4});
  EXPECT_EQ(ranks(single.train), (Shape{2, 2, 2}));
  EXPECT_LT(relative(full(single.train), full(terms[0])), 1e-4);
}

TEST_P(Round, MatricesAndScalesAndOneCore) {
  base::Stream stream(5, "init");
  auto w = random(stream, Shape{2, 3, 2}, Shape{3, 2, 4}, {.ranks = {2}, .dtype = GetParam()});
  w.log_scale = 300;  // beyond the range of float32
  for (const auto method : kMethods) {
    const auto found = round(w + w, {.eps = 1e-3, .method = method});
    EXPECT_EQ(ranks(found.matrix), (Shape{2, 2}));
    auto back = found.matrix;
    back.log_scale -= 300;
    auto once = w;
    once.log_scale = 0;
    EXPECT_LT(relative(full(back), full(once) * 2), 2e-3);
  }
  const auto one = made({5}, 1, 1);
  EXPECT_TRUE(round(one, {.eps = 0.5}).train.cores[0].is_same(one.cores[0]));
  const auto zero = round(zeros({3, 4, 5}, GetParam()), {.eps = 0.1, .method = RoundMethod::gram});
  EXPECT_EQ(norm_of(full(zero.train)), 0);
}

RANKLENS_FOUR_TYPES(Round);

at::Tensor rounded_dot(const std::vector<at::Tensor>& cores, const TensorTrain& with) {
  return dot(with, round(TensorTrain{cores}, {.ranks = {2}}).train);
}

// Two equal trains added: singular values of the sum that are zero, which no SVD can be
// differentiated at.
TEST(RoundGradient, IsFiniteAndMatchesDifferences) {
  base::Stream stream(5, "init");
  const auto train = random(stream, {3, 4, 3}, {.ranks = {2}});
  auto cores = (train + train).cores;
  for (auto& core : cores) core = core.detach().requires_grad_();
  const auto with = random(stream, {3, 4, 3}, {.ranks = {3}});
  const auto gradients = torch::autograd::grad({rounded_dot(cores, with)}, cores);
  for (std::size_t k = 0; k < cores.size(); ++k) {
    ASSERT_TRUE(gradients[k].isfinite().all().item<bool>());
    const at::NoGradGuard no_gradients;
    // Along directions that keep the sum of ranks 2: a multiple of the core itself, and the same
    // change in both halves.
    const auto direction = cores[k] * noise({1, cores[k].size(1), 1}, at::kDouble, 9);
    auto up = cores, down = cores;
    up[k] = cores[k] + 1e-6 * direction;
    down[k] = cores[k] - 1e-6 * direction;
    const double difference =
        (rounded_dot(up, with) - rounded_dot(down, with)).item<double>() / 2e-6;
    EXPECT_NEAR((gradients[k] * direction).sum().item<double>(), difference,
                1e-5 * std::abs(difference) + 1e-6);
  }
}

TEST(RoundErrors, AreOneSentence) {
  const auto train = ones({2, 3, 2});
  expect_error([&] { round(train, {.eps = -1}); }, "eps must be");
  expect_error([&] { round(train, {.eps = NAN}); }, "eps must be");
  expect_error([&] { round(train, {.ranks = {2, 0}}); }, "at least 1, not 0");
  expect_error([&] { round(train, {.ranks = {2, 2, 2}}); }, "2 bonds, but 3 ranks");
  expect_error([&] { round(train, {.oversampling = -1}); }, "oversampling");
  auto broken = train;
  broken.cores[1] = broken.cores[1] * INFINITY;
  for (const auto method : kMethods) {
    expect_error([&] { round(broken, {.eps = 0.1, .method = method}); }, "core 1");
  }
  expect_error([&] { round_sum({}, {}, {}); }, "a sum of 0 trains");
  expect_error([&] { round_sum({train, ones({2, 3})}, {1, 1}, {}); }, "one shape");
}

}  // namespace
}  // namespace ranklens::tn
