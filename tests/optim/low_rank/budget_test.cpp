#include "ranklens/optim/low_rank/budget.h"

#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "testing/expect_error.h"

namespace ranklens::optim {
namespace {

at::Tensor descending(const std::vector<double>& values) { return at::tensor(values, at::kDouble); }

TEST(Budget, LowersWhatLosesLeastForANumber) {
  std::vector<Budgeted> matrices{
      {.modes = {{.values = descending({4.0, 1.0, 0.1}), .rank = 3, .per_rank = 10}}},
      {.modes = {{.values = descending({2.0, 2.0, 1.9}), .rank = 3, .per_rank = 10}}}};
  fit_budget(matrices, 40);
  EXPECT_EQ(matrices[0].modes[0].rank, 1);
  EXPECT_EQ(matrices[1].modes[0].rank, 3);
  matrices[0].modes[0].floor = 1, matrices[1].modes[0].floor = 3;
  ranklens::testing::expect_error([&] { fit_budget(matrices, 30); }, "hold 40 numbers");
}

Budgeted kernel_of(std::vector<double> out, std::vector<double> in) {
  const auto p = static_cast<std::int64_t>(out.size()), q = static_cast<std::int64_t>(in.size());
  return {.modes = {{.values = descending(out), .rank = p, .per_rank = 20},
                    {.values = descending(in), .rank = q, .per_rank = 30}},
          .per_pair = 9};
}

TEST(Budget, CountsFactorsAndCores) {
  EXPECT_EQ(numbers_of(kernel_of({3, 2, 1, 1}, {3, 2})), 4 * 20 + 2 * 30 + 4 * 2 * 9);
  // A matrix whose core is kept: r (m + n) + r^2.
  std::vector<Budgeted> one{
      {.modes = {{.values = descending({5, 4, 3, 2, 1}), .rank = 5, .per_rank = 12}},
       .per_pair = 1}};
  EXPECT_EQ(numbers_of(one[0]), 5 * 12 + 25);
  fit_budget(one, 64);
  EXPECT_EQ(one[0].modes[0].rank, 4);  // 4 (12) + 16 = 64
}

TEST(Budget, EachModeOfAKernelIsLoweredByItself) {
  std::vector<Budgeted> kernels{kernel_of({3, 2, 1e-3, 1e-4}, {3, 2, 2, 2})};
  fit_budget(kernels, 2 * 20 + 4 * 30 + 2 * 4 * 9);
  EXPECT_EQ(kernels[0].modes[0].rank, 2);
  EXPECT_EQ(kernels[0].modes[1].rank, 4);
  // A direction in costs 30 + 9 p, one out 20 + 9 q: of equal shares the dearer goes first.
  std::vector<Budgeted> even{kernel_of({1, 1, 1}, {1, 1, 1})};
  fit_budget(even, numbers_of(even[0]) - 1);
  EXPECT_EQ(even[0].modes[0].rank, 3);
  EXPECT_EQ(even[0].modes[1].rank, 2);
  even[0].modes[0].floor = even[0].modes[1].floor = 2;
  ranklens::testing::expect_error([&] { fit_budget(even, 100); }, "hold 136 numbers");
}

}  // namespace
}  // namespace ranklens::optim
