#include "ranklens/tn/linalg/few_rows.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/base/threads.h"

#include "tn/values.h"

namespace ranklens::tn {
namespace {

using namespace ranklens::testing;

class FewRows : public FourTypes {};

TEST_P(FewRows, ProductsAreThoseOfTheLibrary) {
  const double bound = is_narrow(GetParam()) ? 1e-5 : 1e-13;
  for (const int threads : {1, 2}) {
    const base::ThreadScope scope(threads);
    for (const std::int64_t rows : {1, 6, 7, 10, 16, 33}) {
      for (const auto& [m, n] : {std::pair<std::int64_t, std::int64_t>{1, 1},
                                 {3, 17},
                                 {8, 16},
                                 {31, 300},
                                 {40, 1029},
                                 {101, 64}}) {
        const auto matrix = at::randn({m, n}, GetParam()), left = at::randn({rows, m}, GetParam()),
                   right = at::randn({rows, n}, GetParam());
        EXPECT_LT(relative(rows_times(left, matrix), at::mm(left, matrix)), bound);
        EXPECT_LT(relative(rows_times_transposed(right, matrix), at::mm(right, matrix.t())), bound);
        EXPECT_LT(relative(times_rows_transposed(matrix, right), at::mm(matrix, right.t())), bound);
        const auto several = at::randn({3, m, n}, GetParam());
        EXPECT_LT(relative(rows_times(left, several), at::matmul(left, several)), bound);
      }
    }
  }
}

TEST_P(FewRows, ColumnsAreThoseOfTheLibrary) {
  const double bound = is_narrow(GetParam()) ? 1e-5 : 1e-13;
  for (const int threads : {1, 2}) {
    const base::ThreadScope scope(threads);
    for (const std::int64_t columns : {1, 8, 16, 20, 64, 80}) {
      for (const auto& [m, k] :
           {std::pair<std::int64_t, std::int64_t>{1, 1}, {5, 30}, {48, 7}, {101, 64}, {150, 513}}) {
        const auto matrix = at::randn({m, k}, GetParam()),
                   given = at::randn({columns, k}, GetParam());
        EXPECT_LT(relative(times_columns(matrix, given.t()), at::mm(matrix, given.t())), bound);
      }
    }
  }
}

TEST_P(FewRows, EachRowMeetsItsOwnMatrix) {
  const double bound = is_narrow(GetParam()) ? 1e-5 : 1e-13;
  for (const int threads : {1, 2}) {
    const base::ThreadScope scope(threads);
    for (const auto& [rows, m, n] : {std::tuple<std::int64_t, std::int64_t, std::int64_t>{1, 1, 1},
                                     {3, 5, 17},
                                     {10, 70, 300},
                                     {33, 9, 64}}) {
      const auto matrices = at::randn({rows, m, n}, GetParam()),
                 left = at::randn({rows, m}, GetParam()), right = at::randn({rows, n}, GetParam());
      EXPECT_LT(relative(each_row_times(left, matrices), (left.unsqueeze(2) * matrices).sum(1)),
                bound);
      EXPECT_LT(relative(each_row_times_transposed(right, matrices),
                         (right.unsqueeze(1) * matrices).sum(2)),
                bound);
    }
  }
}

TEST_P(FewRows, TransposedOperandsAndGradients) {
  const double bound = is_narrow(GetParam()) ? 1e-5 : 1e-13;
  const auto matrix = at::randn({50, 30}, GetParam()), rows = at::randn({30, 7}, GetParam());
  EXPECT_LT(relative(rows_times(rows.t(), matrix.t()), at::mm(rows.t(), matrix.t())), bound);
  EXPECT_LT(relative(rows_times_transposed(rows.t(), matrix), at::mm(matrix, rows).t()), bound);
  const auto watched = rows.clone().requires_grad_();
  EXPECT_TRUE(rows_times_transposed(watched.t(), matrix).requires_grad());
}

RANKLENS_FOUR_TYPES(FewRows);

}  // namespace
}  // namespace ranklens::tn
