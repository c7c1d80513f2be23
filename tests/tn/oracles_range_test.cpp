#include <cmath>

#include "ranklens/tn/analysis/entropy.h"
#include "ranklens/tn/train/algebra.h"
#include "ranklens/tn/train/make.h"
#include "ranklens/tn/train/modes.h"
#include "ranklens/tn/train/round.h"
#include "ranklens/tn/train/sweep.h"

#include "tn/values.h"

// A thousand sites whose product leaves the range of every dtype, or whose parts do while the whole
// does not: nothing over- or underflows on the way.
namespace ranklens::tn {
namespace {

using namespace ranklens::testing;

constexpr std::size_t kSites = 1000;

class ThousandSites : public FourTypes {
 protected:
  /// Of norm about size^1000 2^500, all of it in the cores.
  TensorTrain sized(double size) const {
    base::Stream stream(5, "init", "thousand sites");
    auto train = random(stream, Shape(kSites, 2), {.ranks = {3}, .dtype = GetParam()});
    for (auto& core : train.cores) core = core * size;
    return train;
  }
  double digits() const { return is_narrow(GetParam()) ? 0.02 : 1e-9; }
};

constexpr double kSizes[] = {1e3, 1e-3};

// The same tensor with its size in the cores and in the scale, added and taken away.
TEST_P(ThousandSites, SumsOfTrainsWithTheirSizeInDifferentPlaces) {
  for (const double size : kSizes) {
    const auto x = sized(size), y = canonical(x, 300);
    EXPECT_NEAR(log_norm(x + y), log_norm(x) + std::log(2.0), digits());
    EXPECT_NEAR(log_norm(y + x), log_norm(x) + std::log(2.0), digits());
    EXPECT_LT(log_norm(x - y), log_norm(x) - (is_narrow(GetParam()) ? 4 : 18));
    const auto sum = round_sum({x, y}, {1.0, -2.0}, {.ranks = {3}});
    EXPECT_NEAR(log_norm(sum.train), log_norm(x), 10 * digits());
  }
}

TEST_P(ThousandSites, RoundingByEveryMethod) {
  for (const double size : kSizes) {
    const auto x = sized(size);
    const auto doubled = x + x;
    for (const auto method : {RoundMethod::qr, RoundMethod::gram, RoundMethod::randomised}) {
      const auto found = round(doubled, {.ranks = {3}, .method = method});
      for (const auto& core : found.train.cores) {
        ASSERT_TRUE(core.isfinite().all().item<bool>());
        ASSERT_GT(norm_of(core), 0);
      }
      EXPECT_NEAR(log_norm(found.train), log_norm(x) + std::log(2.0), digits());
      for (const auto rank : ranks(found.train)) EXPECT_LE(rank, 3);
    }
  }
}

TEST_P(ThousandSites, ProductsAndInnerProducts) {
  const auto unit = ones(Shape(kSites, 2), GetParam());
  const auto identity_matrix = identity(Shape(kSites, 2), GetParam());
  for (const double size : kSizes) {
    const auto x = sized(size);
    const double log_size = log_norm(x);
    EXPECT_NEAR(log_norm(hadamard(x, unit)), log_size, digits());
    EXPECT_NEAR(log_norm(matmul(identity_matrix, x)), log_size, digits());
    const auto squared = dot_scaled(x, x);
    EXPECT_NEAR(squared.log_scale + std::log(norm_of(squared.unit)), 2 * log_size, 2 * digits());
    EXPECT_NEAR(log_norm(kron(x, x)), 2 * log_size, 2 * digits());
  }
}

TEST_P(ThousandSites, EntropiesAreThoseOfTheUnitTrain) {
  const auto expected = bond_entropies(sized(1));
  for (const double size : kSizes) {
    const auto found = bond_entropies(sized(size));
    for (std::size_t k = 0; k < found.size(); ++k) {
      ASSERT_NEAR(found[k].von_neumann, expected[k].von_neumann,
                  is_narrow(GetParam()) ? 1e-3 : 1e-11);
      ASSERT_LE(found[k].von_neumann, std::log(3.0) + 1e-6);
    }
  }
}

// 2^1000 is in the range of float64, 1e1500 on the way to it is not.
TEST_P(ThousandSites, EntriesAndSumsWhosePartsLeaveTheRange) {
  auto train = ones(Shape(kSites, 2), GetParam());
  for (std::size_t k = 0; k < kSites; ++k) {
    train.cores[k] = train.cores[k] * (k < kSites / 2 ? 1e3 : 1e-3);
  }
  EXPECT_NEAR(norm_of(element(train, Shape(kSites, 1))), 1, 1e-3);
  EXPECT_NEAR(norm_of(element(canonical(train, 10), Shape(kSites, 0))), 1, 1e-2);
  const auto rest = select(train, 7, 1);
  EXPECT_NEAR(norm_of(element(rest, Shape(kSites - 1, 1))), 1, 1e-3);
  if (is_narrow(GetParam())) return;  // 2^1000 is no float32
  EXPECT_NEAR(std::log(norm_of(sum(train))), 1000 * std::log(2.0), 1e-9);
  EXPECT_NEAR(std::log(norm(train)), 500 * std::log(2.0), 1e-9);
}

RANKLENS_FOUR_TYPES(ThousandSites);

}  // namespace
}  // namespace ranklens::tn
