#include "ranklens/tn/born/born.h"

#include <cmath>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <gtest/gtest.h>

#include "ranklens/base/error.h"
#include "ranklens/base/peak_memory.h"

namespace ranklens::tn {
namespace {

TensorTrain random_state(std::int64_t sites, std::int64_t rank, std::uint64_t seed) {
  base::Stream stream(seed, "noise", "born");
  TensorTrain train;
  for (std::int64_t k = 0; k < sites; ++k) {
    const auto left = k == 0 ? 1 : rank, right = k + 1 == sites ? 1 : rank;
    train.cores.push_back(stream.normal({left, 2, right}, 0, 1, at::kDouble));
  }
  return train;
}

// All 2^sites index lists.
at::Tensor all_lists(std::int64_t sites) {
  const auto numbers = at::arange(std::int64_t{1} << sites, at::kLong);
  std::vector<at::Tensor> bits;
  for (auto k = sites; k-- > 0;) bits.push_back(numbers.__rshift__(k).__and__(1));
  return at::stack(bits, 1);
}

TEST(BornMachine, ProbabilitiesSumToOne) {
  for (const std::int64_t sites : {1, 5, 12}) {
    const auto train = random_state(sites, 3, 1);
    const auto p = log_probabilities(train, basis_features(all_lists(sites), 2, at::kDouble)).exp();
    EXPECT_NEAR(p.sum().item<double>(), 1, 1e-12) << sites;
    const auto dense = full(train).flatten().square();
    EXPECT_LT((p - dense / dense.sum()).abs().max().item<double>(), 1e-13);
  }
}

TEST(BornMachine, AmplitudesHaveTheirSignAndAnySize) {
  auto train = random_state(6, 3, 2);
  const auto features = basis_features(all_lists(6), 2, at::kDouble);
  const auto found = amplitudes(train, features);
  const auto dense = full(train).flatten();
  EXPECT_LT((found.sign * found.log_abs.exp() - dense).abs().max().item<double>(), 1e-12);
  train.log_scale = 2000;
  EXPECT_NEAR(amplitudes(train, features).log_abs[5].item<double>(),
              found.log_abs[5].item<double>() + 2000, 1e-9);
  const auto long_one = random_state(1000, 4, 3);
  const auto ones = basis_features(at::ones({2, 1000}, at::kLong), 2, at::kDouble);
  EXPECT_TRUE(std::isfinite(amplitudes(long_one, ones).log_abs[0].item<double>()));
}

TEST(BornMachine, SamplesComeAsOftenAsTheyAreProbable) {
  const auto train = random_state(4, 3, 4);
  base::Stream stream(5, "noise", "samples");
  const std::int64_t count = 40000;
  const auto samples = sample(train, count, stream);
  const auto dense = full(train).flatten().square();
  const auto p = dense / dense.sum();
  const auto code = samples.select(1, 0) * 8 + samples.select(1, 1) * 4 + samples.select(1, 2) * 2 +
                    samples.select(1, 3);
  double chi = 0;  // of 15 degrees of freedom: mean 15, standard deviation 5.5
  for (std::int64_t k = 0; k < 16; ++k) {
    const double expected = count * p[k].item<double>();
    const double seen = code.eq(k).sum().item<double>();
    chi += (seen - expected) * (seen - expected) / expected;
  }
  EXPECT_LT(chi, 45);
}

// Known sites anywhere: against the conditional probabilities of the dense state.
TEST(BornMachine, CompletesWhatIsGiven) {
  const auto train = random_state(4, 3, 6);
  base::Stream stream(7, "noise", "samples");
  const std::int64_t count = 30000;
  auto given = at::full({count, 4}, -1, at::kLong);
  given.select(1, 1).fill_(1);
  given.select(1, 3).fill_(0);
  const auto found = complete(train, given, stream);
  EXPECT_TRUE(found.select(1, 1).eq(1).all().item<bool>());
  EXPECT_TRUE(found.select(1, 3).eq(0).all().item<bool>());
  const auto dense = full(train).square();
  double total = 0;
  for (std::int64_t a : {0, 1}) {
    for (std::int64_t c : {0, 1}) total += dense[a][1][c][0].item<double>();
  }
  for (std::int64_t a : {0, 1}) {
    for (std::int64_t c : {0, 1}) {
      const double p = dense[a][1][c][0].item<double>() / total;
      const double seen =
          found.select(1, 0).eq(a).__and__(found.select(1, 2).eq(c)).sum().item<double>() / count;
      EXPECT_NEAR(seen, p, 5 * std::sqrt(p * (1 - p) / count) + 1e-9);
    }
  }
}

// Of each site known or not, at even odds.
at::Tensor partly_given(std::int64_t rows, std::int64_t sites, std::uint64_t seed) {
  base::Stream stream(seed, "noise", "given");
  const auto bits = stream.integers({rows, sites}, 2);
  return at::where(stream.bernoulli_mask({rows, sites}, 0.5), bits, at::full({}, -1, at::kLong));
}

// A row by the dense state's conditional probabilities and the numbers that choose by them [sites].
std::vector<std::int64_t> by_conditionals(const at::Tensor& dense, const at::Tensor& given,
                                          const at::Tensor& places) {
  auto rest = dense.square();
  for (std::int64_t k = 0; k < given.size(0); ++k) {
    const auto known = given[k].item<std::int64_t>();
    if (known >= 0) rest.select(k, 1 - known).zero_();
  }
  std::vector<std::int64_t> row;
  for (std::int64_t k = 0; k < given.size(0); ++k) {
    rest = rest.reshape({2, -1});
    const auto known = given[k].item<std::int64_t>();
    const double first = rest[0].sum().item<double>(), total = rest.sum().item<double>();
    row.push_back(known >= 0 ? known : first <= places[k].item<double>() * total);
    rest = rest[row.back()];
  }
  return row;
}

void expect_by_conditionals(const TensorTrain& train, const at::Tensor& given, std::int64_t every) {
  const auto sites = given.size(1);
  const base::Stream stream(10, "noise", "samples");
  auto completing = stream, choosing = stream;
  const auto found = complete(train, given, completing);
  const auto places = choosing.uniform({sites, given.size(0)}, 0, 1, at::kDouble);
  EXPECT_EQ(completing.position(), choosing.position());
  const auto dense = full(train);
  for (std::int64_t row = 0; row < given.size(0); row += every) {
    const auto expected = by_conditionals(dense, given[row], places.select(1, row));
    for (std::int64_t k = 0; k < sites; ++k)
      EXPECT_EQ(found[row][k].item<std::int64_t>(), expected[static_cast<std::size_t>(k)])
          << "row " << row << ", site " << k;
  }
}

// Rows that are given the same share what they are drawn by, and no others do.
TEST(BornMachine, CompletesEveryRowByWhatItIsGiven) {
  auto given = partly_given(60, 6, 11);
  given.narrow(0, 5, 20).copy_(given.narrow(0, 40, 1));
  given.narrow(0, 30, 2).fill_(-1);
  given[59].fill_(1);
  expect_by_conditionals(random_state(6, 4, 12), given, 1);
  expect_by_conditionals(random_state(6, 4, 12), given.narrow(0, 5, 1), 1);
}

// More distinct rows than environments are held for at once.
TEST(BornMachine, CompletesAnyNumberOfRows) {
  expect_by_conditionals(random_state(12, 16, 13), partly_given(4000, 12, 14), 37);
}

TEST(BornMachine, SamplesAreCompletionsOfNothing) {
  for (const std::int64_t sites : {1, 2, 9}) {
    auto train = random_state(sites, 5, 15);
    train.log_scale = 900;
    const base::Stream stream(16, "noise", "samples");
    auto sampling = stream, completing = stream;
    const auto samples = sample(train, 500, sampling);
    const auto unknown = at::full({500, sites}, -1, at::kLong);
    EXPECT_TRUE(samples.equal(complete(train, unknown, completing))) << sites;
    EXPECT_EQ(sampling.position(), completing.position());
  }
}

// An environment for every sample and site would take 2.3 GB.
TEST(BornMachine, SamplesInLittleMemory) {
  const auto train = random_state(100, 24, 17);
  base::Stream stream(18, "noise", "samples");
  const base::PeakMemory memory;
  const auto samples = sample(train, 5000, stream);
  EXPECT_EQ(samples.sizes(), (at::IntArrayRef{5000, 100}));
  EXPECT_LT(memory.peak(), 40'000'000);
}

// For every row and site one would take 0.2 GB.
TEST(BornMachine, CompletesInBoundedMemory) {
  const auto train = random_state(100, 8, 19);
  const auto given = partly_given(4000, 100, 20);
  base::Stream stream(21, "noise", "samples");
  const base::PeakMemory memory;
  const auto found = complete(train, given, stream);
  EXPECT_TRUE(at::where(given < 0, given, found).equal(given));
  EXPECT_LT(memory.peak(), 130'000'000);
}

TEST(BornMachine, RefusesWhatCannotBe) {
  TensorTrain zero = random_state(3, 1, 8);
  for (auto& core : zero.cores) core.select(1, 1).zero_();
  base::Stream stream(9, "noise", "samples");
  auto given = at::full({1, 3}, -1, at::kLong);
  given[0][1] = 1;
  EXPECT_THROW(complete(zero, given, stream), base::Error);
  given[0][1] = 2;
  EXPECT_THROW(complete(zero, given, stream), base::Error);
}

}  // namespace
}  // namespace ranklens::tn
