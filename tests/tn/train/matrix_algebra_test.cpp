#include "ranklens/tn/train/matrix_algebra.h"

#include "ranklens/tn/train/make.h"

#include "testing/expect_error.h"
#include "tn/values.h"

namespace ranklens::tn {
namespace {

using namespace ranklens::testing;

const Shape kRows{2, 3, 4}, kColumns{3, 2, 2};

class MatrixAlgebra : public FourTypes {
 protected:
  TTMatrix made(std::uint64_t seed) const {
    base::Stream stream(seed, "init", "matrix algebra");
    auto w = random(stream, kRows, kColumns, {.ranks = {2}, .dtype = GetParam()});
    w.log_scale = 0.2 * static_cast<double>(seed);
    return w;
  }
  double rounding() const { return rounding_of(GetParam()); }
};

TEST_P(MatrixAlgebra, EntrywiseProductsAndSums) {
  const auto a = made(1), b = made(2);
  EXPECT_LT(relative(full(hadamard(a, b)), full(a) * full(b)), rounding());
  EXPECT_EQ(ranks(hadamard(a, b)), (Shape{4, 4}));
  EXPECT_LT((sum(a) - full(a).sum()).abs().item<double>(), rounding() * norm_of(full(a)) * 20);
}

TEST_P(MatrixAlgebra, EntriesAndParts) {
  const auto a = made(1);
  const auto digits = full(a).reshape({2, 3, 4, 3, 2, 2});  // rows, then columns
  EXPECT_LT((element(a, {1, 0, 3}, {2, 1, 0}) - digits[1][0][3][2][1][0]).abs().item<double>(),
            rounding() * norm_of(digits));
  const auto rows = slice_rows(a, 2, 1, 4, 2);
  EXPECT_EQ(row_modes(rows), (Shape{2, 3, 2}));
  EXPECT_LT(relative(full(rows), digits.slice(2, 1, 4, 2).reshape({12, 12})), rounding());
  const auto columns = slice_columns(a, 0, 0, 2);
  EXPECT_EQ(column_modes(columns), (Shape{2, 2, 2}));
  EXPECT_LT(relative(full(columns), digits.slice(3, 0, 2).reshape({24, 8})), rounding());
}

TEST_P(MatrixAlgebra, OtherModesOfTheSameMatrix) {
  // Rows 2x3x4 = 24, columns 3x2x2 = 12.
  const auto a = made(1);
  struct Case {
    Shape rows, columns;
  };
  for (const auto& [rows, columns] :
       {Case{{2, 3, 2, 2}, {3, 2, 2, 1}}, Case{{6, 4}, {6, 2}}, Case{{24}, {12}},
        Case{{4, 6}, {2, 6}}, Case{{2, 3, 4, 1}, {3, 2, 2, 1}}, Case{{1, 2, 12}, {1, 3, 4}},
        Case{{2, 1, 3, 4}, {1, 3, 2, 2}}}) {
    const auto b = reshape(a, rows, columns);
    EXPECT_EQ(row_modes(b), rows);
    EXPECT_EQ(column_modes(b), columns);
    EXPECT_LT(relative(full(b), full(a)), rounding());
  }
  // One core alone is split; the bond behind it stays.
  EXPECT_EQ(ranks(reshape(a, {2, 3, 2, 2}, {3, 2, 2, 1}))[1], ranks(a)[1]);
  expect_error([&] { reshape(a, {24}, {6, 2}); }, "as many row modes as column modes");
  expect_error([&] { reshape(a, {4, 5}, {6, 2}); }, "their products differ");
  expect_error([&] { reshape(a, {24, 0}, {6, 2}); }, "modes must be at least 1");
}

TEST_P(MatrixAlgebra, SitesInAnotherOrder) {
  const auto a = made(1);
  const auto found = permute(a, {2, 0, 1});
  EXPECT_EQ(row_modes(found.matrix), (Shape{4, 2, 3}));
  EXPECT_EQ(column_modes(found.matrix), (Shape{2, 3, 2}));
  const auto expected =
      full(a).reshape({2, 3, 4, 3, 2, 2}).permute({2, 0, 1, 5, 3, 4}).reshape({24, 12});
  EXPECT_LT(relative(full(found.matrix), expected), rounding());
}

TEST_P(MatrixAlgebra, SaysWhatDoesNotFit) {
  const auto a = made(1);
  expect_error([&] { hadamard(a, identity({2, 2})); }, "of the same modes");
  expect_error([&] { slice_rows(a, 3, 0, 1); }, "3 sites has no mode 3");
  expect_error([&] { slice_rows(a, 0, 0, 3); }, "not a part of row mode 0 of size 2");
  expect_error([&] { slice_columns(a, 0, 2, 2); }, "not a part of column mode 0 of size 3");
  expect_error([&] { element(a, {0, 0}, {0, 0, 0}); }, "not 2 and 3");
  expect_error([&] { element(a, {0, 0, 0}, {0, 2, 0}); }, "outside the modes 2x3x4 by 3x2x2");
}

RANKLENS_FOUR_TYPES(MatrixAlgebra);

}  // namespace
}  // namespace ranklens::tn
