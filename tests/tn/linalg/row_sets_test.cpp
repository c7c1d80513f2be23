#include "ranklens/tn/linalg/row_sets.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/rand.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/base/threads.h"

#include "tn/values.h"

namespace ranklens::tn {
namespace {

using namespace ranklens::testing;

class RowSets : public FourTypes {};

TEST_P(RowSets, AreProductsSampleBySample) {
  const double bound = is_narrow(GetParam()) ? 2e-6 : 1e-13;
  for (const auto& [n, c, p] :
       {std::tuple{1, 1, 1}, {700, 10, 20}, {3000, 3, 7}, {5, 2, 33}, {4, 1, 8}, {0, 3, 4}}) {
    const auto sets = at::rand({n, c, p}, GetParam()), vectors = at::rand({n, p}, GetParam()),
               weights = at::rand({n, c}, GetParam());
    const auto products = set_products(sets, vectors), sums = set_sums(sets, weights);
    ASSERT_EQ(products.sizes(), (std::vector<std::int64_t>{n, c}));
    ASSERT_EQ(sums.sizes(), (std::vector<std::int64_t>{n, p}));
    if (n == 0) continue;
    EXPECT_LT(relative(products, at::einsum("ncp,np->nc", {sets, vectors})), bound);
    EXPECT_LT(relative(sums, at::einsum("ncp,nc->np", {sets, weights})), bound);
    // A view that is not contiguous.
    const auto turned = at::rand({n, p, c}, GetParam()).transpose(1, 2);
    EXPECT_LT(relative(set_products(turned, vectors), set_products(turned.contiguous(), vectors)),
              bound);
  }
}
RANKLENS_FOUR_TYPES(RowSets);

TEST(RowSetProducts, DoNotDependOnThreads) {
  const auto sets = at::rand({5000, 4, 11}), vectors = at::rand({5000, 11}),
             weights = at::rand({5000, 4});
  const auto both = [&](int threads) {
    const base::ThreadScope scope(threads);
    return std::pair{set_products(sets, vectors), set_sums(sets, weights)};
  };
  const auto one = both(1), two = both(2);
  EXPECT_TRUE(at::equal(one.first, two.first) && at::equal(one.second, two.second));
}

TEST(RowSetProducts, HaveGradients) {
  const auto sets = at::rand({6, 3, 9}).requires_grad_(true), vectors = at::rand({6, 9}),
             weights = at::rand({6, 3});
  const auto sum = set_products(sets, vectors).sum() + set_sums(sets, weights).sum();
  const auto found = torch::autograd::grad({sum}, {sets})[0];
  EXPECT_LT(relative(found, vectors.unsqueeze(1) + weights.unsqueeze(2)), 1e-6);
}

}  // namespace
}  // namespace ranklens::tn
