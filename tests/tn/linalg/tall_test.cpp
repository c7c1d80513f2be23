#include "ranklens/tn/linalg/tall.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/base/threads.h"
#include "ranklens/tn/linalg/tall_triangles.h"

#include "tn/values.h"

namespace ranklens::tn {
namespace {

using namespace ranklens::testing;

class Tall : public FourTypes {};

const std::pair<std::int64_t, std::int64_t> kColumns[] = {
    {1, 1}, {20, 10}, {10, 20}, {16, 8}, {7, 33}, {25, 50}, {64, 64}, {6, 65}, {70, 12}, {13, 17}};

TEST_P(Tall, ProductsAreThoseOfTheLibrary) {
  const double bound = is_narrow(GetParam()) ? 2e-5 : 1e-12;
  for (const int threads : {1, 2}) {
    const base::ThreadScope scope(threads);
    for (const std::int64_t rows : {1, 511, 512, 577, 4097, 9001}) {
      for (const auto& [p, q] : kColumns) {
        // Nothing below zero: sums that cancel have no relative accuracy.
        const auto a = at::rand({rows, p}, GetParam()), b = at::rand({rows, q}, GetParam()),
                   matrix = at::randn({p, q}, GetParam()), row = at::randn({q}, GetParam());
        EXPECT_LT(relative(tall_gram(a, b), at::mm(a.t(), b)), bound)
            << rows << " " << p << " " << q;
        EXPECT_LT(relative(tall_times(a, matrix), at::mm(a, matrix)), bound);
        EXPECT_LT(relative(tall_times(a, matrix, row), at::addmm(row, a, matrix)), bound);
        auto sum = at::mm(a, matrix);
        add_tall_times(sum, a, 3 * matrix);
        EXPECT_LT(relative(sum, at::mm(a, 4 * matrix)), bound);
        // A view that is not contiguous.
        EXPECT_LT(relative(tall_times(a, at::randn({q, p}, GetParam()).zero_().t() + matrix),
                           at::mm(a, matrix)),
                  bound);
      }
    }
  }
}

// By one block and by several, the last of them narrower.
TEST_P(Tall, HalvesAreThoseOfTheWhole) {
  const double bound = is_narrow(GetParam()) ? 2e-5 : 1e-12;
  for (const std::int64_t columns : {1, 20, 127, 128, 200, 611}) {
    const auto a = at::randn({700, columns}, GetParam());
    const auto upper = at::randn({columns, columns}, GetParam()).triu();
    EXPECT_LT(relative(tall_own_gram(a), at::mm(a.t(), a)), bound) << columns;
    EXPECT_LT(relative(tall_times_upper(a, upper), at::mm(a, upper)), bound);
  }
}

TEST(TallProducts, OfStridedColumns) {
  const auto wide = at::randn({2000, 30});
  const auto a = wide.narrow(1, 3, 9), b = wide.narrow(1, 14, 11);
  EXPECT_LT(relative(tall_gram(a, b), at::mm(a.t(), b)), 2e-5);
  const auto matrix = at::randn({11, 9}).t();
  EXPECT_LT(relative(tall_times(a, matrix), at::mm(a, matrix)), 1e-5);
}

TEST(TallProducts, DoNotDependOnThreads) {
  const auto a = at::randn({20000, 10}), b = at::randn({20000, 20}), matrix = at::randn({10, 20});
  const auto both = [&](int threads) {
    const base::ThreadScope scope(threads);
    return std::pair{tall_gram(a, b), tall_times(a, matrix)};
  };
  const auto [gram, product] = both(1);
  const auto [gram2, product2] = both(2);
  EXPECT_TRUE(gram.equal(gram2));
  EXPECT_TRUE(product.equal(product2));
}

TEST(TallProducts, AreTrackedWhereGradientsAre) {
  const auto a = at::randn({600, 5}, at::kDouble).requires_grad_(),
             matrix = at::randn({5, 3}, at::kDouble);
  const auto found = torch::autograd::grad({tall_times(a, matrix).sum()}, {a}).front();
  EXPECT_LT(relative(found, matrix.sum(1).unsqueeze(0).expand({600, 5})), 1e-13);
}

RANKLENS_FOUR_TYPES(Tall);

}  // namespace
}  // namespace ranklens::tn
