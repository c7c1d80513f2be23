#include "ranklens/tn/linalg/strided_product.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include "ranklens/base/threads.h"

#include "testing/close.h"

namespace ranklens::tn {
namespace {

using testing::close;

TEST(Walk, PlacesValuesWhereTheModesSay) {
  const Walk walk{.sizes = {3, 2, 4}, .strides = {100, 7, 1000}};
  ASSERT_EQ(walk.count(), 24);
  for (const std::int64_t begin : {0, 1, 5, 8, 23}) {
    std::vector<std::int64_t> offsets(static_cast<std::size_t>(24 - begin));
    walk.place(begin, 24 - begin, offsets.data());
    for (auto value = begin; value < 24; ++value) {
      EXPECT_EQ(offsets[static_cast<std::size_t>(value - begin)],
                value / 8 * 100 + value / 4 % 2 * 7 + value % 4 * 1000);
    }
  }
}

TEST(Walk, JoinsModesThatLieAsOne) {
  const auto fewer = joined({.sizes = {5, 1, 3, 4, 2}, .strides = {24, 999, 8, 2, 100}});
  EXPECT_EQ(fewer.sizes, (std::vector<std::int64_t>{60, 2}));
  EXPECT_EQ(fewer.strides, (std::vector<std::int64_t>{2, 100}));
  EXPECT_EQ(joined({.sizes = {1, 1}, .strides = {3, 4}}).count(), 1);
  EXPECT_TRUE(joined({.sizes = {1, 1}, .strides = {3, 4}}).even());
}

/// Modes `from`..`to`-1 of a tensor.
Walk walk_of_modes(const at::Tensor& tensor, std::size_t from, std::size_t to) {
  const auto sizes = tensor.sizes(), strides = tensor.strides();
  return joined({.sizes = {sizes.begin() + from, sizes.begin() + to},
                 .strides = {strides.begin() + from, strides.begin() + to}});
}

/// left [batch..., rows..., inner...], right [batch..., inner..., columns...], each with so many
/// modes a group, lying in any order; against bmm of contiguous copies.
void expect_product(const at::Tensor& left, const at::Tensor& right, std::size_t batch,
                    std::size_t rows, std::size_t inner) {
  const auto left_modes = static_cast<std::size_t>(left.dim()),
             right_modes = static_cast<std::size_t>(right.dim());
  ASSERT_EQ(left_modes, batch + rows + inner);
  const StridedProduct product{.left_batch = walk_of_modes(left, 0, batch),
                               .right_batch = walk_of_modes(right, 0, batch),
                               .rows = walk_of_modes(left, batch, batch + rows),
                               .left_inner = walk_of_modes(left, batch + rows, left_modes),
                               .right_inner = walk_of_modes(right, batch, batch + inner),
                               .columns = walk_of_modes(right, batch + inner, right_modes)};
  const auto b = product.left_batch.count(), m = product.rows.count(),
             k = product.left_inner.count(), n = product.columns.count();
  const auto exact = at::bmm(left.reshape({b, m, k}), right.reshape({b, k, n}));
  // What surrounds the product must stay as it is.
  auto room = at::full({b * m * n + 64}, 17.0, left.options());
  if (left.scalar_type() == at::kDouble) {
    multiply(product, left.const_data_ptr<double>(), right.const_data_ptr<double>(),
             room.mutable_data_ptr<double>() + 32);
  } else {
    multiply(product, left.const_data_ptr<float>(), right.const_data_ptr<float>(),
             room.mutable_data_ptr<float>() + 32);
  }
  const auto found = room.slice(0, 32, 32 + b * m * n).view({b, m, n});
  const double tolerance = left.scalar_type() == at::kDouble ? 1e-11 : 1e-3;
  EXPECT_TRUE(close(found, exact, tolerance, tolerance))
      << b << " x " << m << " x " << k << " x " << n;
  EXPECT_TRUE(room.slice(0, 0, 32).eq(17).all().item<bool>() &&
              room.slice(0, 32 + b * m * n).eq(17).all().item<bool>());
}

class StridedProductInEachType : public ::testing::TestWithParam<at::ScalarType> {
 protected:
  void SetUp() override {
    if (!has_strided_product()) GTEST_SKIP() << "this processor has no AVX2";
  }
};

TEST_P(StridedProductInEachType, EachSizeOfTilesAndPanels) {
  for (std::int64_t m = 1; m <= 14; ++m) {
    for (std::int64_t n = 1; n <= 34; ++n) {
      const std::int64_t k = 1 + (7 * m + n) % 19;
      const auto a = at::randn({m, k}, GetParam()), b = at::randn({k, n}, GetParam());
      expect_product(a, b, 0, 1, 1);
      expect_product(a.t().contiguous().t(), b.t().contiguous().t(), 0, 1, 1);
    }
  }
}

TEST_P(StridedProductInEachType, SizesBeyondEachBlock) {
  const std::vector<std::vector<std::int64_t>> sizes = {
      {300, 5, 2100}, {3, 700, 1030}, {1000, 300, 9}, {80, 600, 40}, {5, 1, 1500}, {70, 260, 1030}};
  for (const auto& size : sizes) {
    const auto m = size[0], k = size[1], n = size[2];
    for (const bool left : {false, true}) {
      for (const bool right : {false, true}) {
        const auto a = left ? at::randn({k, m}, GetParam()).t() : at::randn({m, k}, GetParam());
        const auto b = right ? at::randn({n, k}, GetParam()).t() : at::randn({k, n}, GetParam());
        expect_product(a, b, 0, 1, 1);
      }
    }
  }
}

TEST_P(StridedProductInEachType, ModesInAnyOrder) {
  for (const int threads : {1, 2}) {
    const base::ThreadScope scope(threads);
    // [batch 3 5, rows 4 7, inner 6 2], and [batch 3 5, inner 6 2, columns 8 3].
    const auto a = at::randn({2, 4, 5, 6, 3, 7}, GetParam()).permute({4, 2, 1, 5, 3, 0});
    const auto b = at::randn({3, 6, 8, 5, 2, 3}, GetParam()).permute({0, 3, 1, 4, 2, 5});
    expect_product(a, b, 2, 2, 2);
    // Large enough for several threads: by the batch, by rows, by columns.
    expect_product(at::randn({40, 9, 60, 50}, GetParam()).permute({1, 3, 0, 2}),
                   at::randn({9, 70, 60, 40}, GetParam()).permute({0, 3, 2, 1}), 1, 1, 2);
    expect_product(at::randn({30, 50, 40}, GetParam()).permute({2, 1, 0}),
                   at::randn({20, 30}, GetParam()).t(), 0, 2, 1);
    expect_product(at::randn({30, 20}, GetParam()).t(),
                   at::randn({50, 30, 40}, GetParam()).permute({1, 2, 0}), 0, 1, 1);
  }
}

TEST_P(StridedProductInEachType, NothingToAddUpIsZero) {
  const Walk none{.sizes = {0}, .strides = {1}}, three{.sizes = {3}, .strides = {1}};
  const auto out = at::full({9}, 5.0, GetParam());
  const StridedProduct product{.left_batch = {},
                               .right_batch = {},
                               .rows = three,
                               .left_inner = none,
                               .right_inner = none,
                               .columns = three};
  if (GetParam() == at::kDouble) {
    multiply(product, static_cast<const double*>(nullptr), nullptr, out.mutable_data_ptr<double>());
  } else {
    multiply(product, static_cast<const float*>(nullptr), nullptr, out.mutable_data_ptr<float>());
  }
  EXPECT_TRUE(out.eq(0).all().item<bool>());
}

INSTANTIATE_TEST_SUITE_P(Types, StridedProductInEachType,
                         ::testing::Values(at::kFloat, at::kDouble));

}  // namespace
}  // namespace ranklens::tn
