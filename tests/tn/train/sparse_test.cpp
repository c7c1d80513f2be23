#include "ranklens/tn/train/sparse.h"

#include "testing/expect_error.h"
#include "tn/values.h"

namespace ranklens::tn {
namespace {

using namespace ranklens::testing;

class Sparse : public FourTypes {};

at::Tensor places(const Shape& shape, std::int64_t count) {
  base::Stream stream(11, "data");
  std::vector<at::Tensor> columns;
  for (const auto n : shape) columns.push_back(stream.integers({count}, n));
  return at::stack(columns, 1);
}

at::Tensor dense_of(const at::Tensor& indices, const at::Tensor& values, const Shape& shape) {
  auto dense = at::zeros(shape, values.options());
  for (std::int64_t i = 0; i < indices.size(0); ++i) {
    auto entry = dense;
    for (std::int64_t k = 0; k < indices.size(1); ++k)
      entry = entry[indices[i][k].item<std::int64_t>()];
    entry.add_(values[i]);
  }
  return dense;
}

// Coordinates given twice add up.
TEST_P(Sparse, IsTheTensorOfTheCoordinates) {
  const Shape shape{5, 7, 4, 6};
  const auto indices = places(shape, 60);
  const auto values = noise({60}, GetParam());
  const auto dense = dense_of(indices, values, shape);
  const auto exact =
      from_coordinates(indices, values, shape, {.eps = is_narrow(GetParam()) ? 1e-3 : 1e-7});
  EXPECT_LT(relative(full(exact.train), dense), is_narrow(GetParam()) ? 1e-3 : 1e-7);
  for (const double eps : {0.1, 0.5}) {
    const auto found = from_coordinates(indices, values, shape, {.eps = eps});
    const double error = relative(full(found.train), dense);
    EXPECT_LE(error, eps);
    EXPECT_NEAR(found.error, error, 1e-3);
    EXPECT_LE(ranks(found.train)[1], ranks(exact.train)[1]);
  }
}

TEST_P(Sparse, RanksAreKeptNearTheBestError) {
  const Shape shape{12, 15, 10, 12};
  const auto indices = places(shape, 400);
  const auto values = noise({400}, GetParam());
  const auto dense = dense_of(indices, values, shape);
  const auto found = from_coordinates(indices, values, shape, {.ranks = {9}});
  const auto best = decompose(dense, {.ranks = {9}});
  for (const auto rank : ranks(found.train)) EXPECT_LE(rank, 9);
  EXPECT_LT(relative(full(found.train), dense), 1.05 * best.error);
  EXPECT_NEAR(relative(full(found.train), dense), found.error, 1e-3);
}

RANKLENS_FOUR_TYPES(Sparse);

// 10^30 entries: only what is not zero can have been looked at.
TEST(SparseSize, CostFollowsTheNonZeros) {
  const Shape shape(10, 1000);
  const auto indices = places(shape, 200);
  const auto values = noise({200}, at::kDouble);
  const auto found = from_coordinates(indices, values, shape, {.eps = 1e-6});
  EXPECT_LT(relative(elements(found.train, indices), values), 1e-5);
  EXPECT_NEAR(norm_of(found.train.cores.back()), norm_of(values), 1e-5 * norm_of(values));
  EXPECT_LT(std::abs(element(found.train, Shape(10, 5)).item<double>()), 1e-5);
}

TEST(SparseErrors, AreOneSentence) {
  const auto indices = at::zeros({2, 3}, at::kLong);
  const auto values = at::ones({2}, at::kDouble);
  expect_error([&] { from_coordinates(indices, values, {2, 2}); }, "int64 [count, 2]");
  expect_error([&] { from_coordinates(indices, values.narrow(0, 0, 1), {2, 2, 2}); },
               "as many values");
  expect_error([&] { from_coordinates(indices + 2, values, {2, 2, 2}); },
               "outside the shape 2x2x2");
  expect_error([&] { from_coordinates(indices, values * NAN, {2, 2, 2}); }, "NaN or infinite");
  expect_error([&] { from_coordinates(indices, values, {2, 2, 2}, {.eps = -1}); }, "eps must be");
  expect_error(
      [&] { from_coordinates(indices.narrow(0, 0, 0), values.narrow(0, 0, 0), {2, 2, 2}); },
      "no entries");
}

}  // namespace
}  // namespace ranklens::tn
