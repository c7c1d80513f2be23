#include "ranklens/tn/train/modes.h"

#include "ranklens/tn/train/algebra.h"
#include "ranklens/tn/train/make.h"

#include "testing/expect_error.h"
#include "tn/values.h"

namespace ranklens::tn {
namespace {

using namespace ranklens::testing;

class Modes : public FourTypes {
 protected:
  TensorTrain made(const Shape& shape, std::int64_t rank) const {
    base::Stream stream(5, "init", "modes");
    auto train = random(stream, shape, {.ranks = {rank}, .dtype = GetParam()});
    train.log_scale = 0.7;
    return train;
  }
  double rounding() const { return 10 * rounding_of(GetParam()); }
};

TEST_P(Modes, SelectAndSlice) {
  const auto train = made({5, 4, 6}, 3);
  const auto dense = full(train);
  for (std::int64_t mode = 0; mode < 3; ++mode) {
    EXPECT_LT(relative(full(select(train, mode, 2)), dense.select(mode, 2)), rounding());
    EXPECT_LT(relative(full(slice(train, mode, 1, 4, 2)), dense.slice(mode, 1, 4, 2)), rounding());
  }
  EXPECT_LT(relative(full(select(made({5}, 1), 0, 3)), full(made({5}, 1)).narrow(0, 3, 1)),
            rounding());
}

TEST_P(Modes, ReshapeIsThatOfTheTensor) {
  const auto train = made({6, 4, 2, 3}, 3);
  const auto dense = full(train);
  for (const auto& shape : {Shape{2, 3, 4, 2, 3},
                            {24, 6},
                            {144},
                            {6, 8, 3},
                            {3, 2, 2, 2, 2, 3},
                            {1, 6, 4, 1, 6, 1},
                            {9, 16},
                            {2, 2, 2, 2, 3, 3}}) {
    EXPECT_LT(relative(full(reshape(train, shape)), dense.reshape(shape)), rounding())
        << text(shape);
  }
  const auto quantum = quantised({6, 4, 2, 3});
  EXPECT_EQ(reshape(train, quantum).cores.size(), 6U);
  EXPECT_LT(relative(full(reshape(reshape(train, quantum), {6, 4, 2, 3})), dense), rounding());
  expect_error([&] { reshape(train, {6, 4, 2}); }, "their products do not meet");
  expect_error([&] { reshape(train, {145}); }, "their products do not meet");
  expect_error([&] { reshape(train, {}); }, "at least one mode");
  expect_error([&] { reshape(train, {0, 144}); }, "at least 1");
}

TEST_P(Modes, PermuteIsThatOfTheTensor) {
  const auto train = made({3, 4, 2, 5}, 2);
  const auto dense = full(train);
  for (const auto& order : {Shape{0, 1, 2, 3}, {1, 0, 2, 3}, {3, 2, 1, 0}, {2, 0, 3, 1}}) {
    const auto found = permute(train, order);
    EXPECT_LT(relative(full(found.train), dense.permute(order)), rounding());
    const auto rough = permute(train, order, {.eps = 0.3});
    const double error = relative(full(rough.train), dense.permute(order));
    EXPECT_LE(error, 0.3 + rounding());
    EXPECT_LE(error, rough.error + rounding());
  }
  expect_error([&] { permute(train, {0, 1, 2, 2}); }, "each of 0 to 3 once");
  expect_error([&] { permute(train, {0, 1}); }, "each of 0 to 3 once");
}

RANKLENS_FOUR_TYPES(Modes);

TEST(ModeErrors, AreOneSentence) {
  const auto train = ones({2, 3});
  expect_error([&] { select(train, 2, 0); }, "no mode 2");
  expect_error([&] { select(train, 1, 3); }, "not a part of mode 1 of size 3");
  expect_error([&] { slice(train, 0, 1, 1); }, "not a part of mode 0");
  expect_error([&] { slice(train, 0, 0, 2, 0); }, "by 0");
}

}  // namespace
}  // namespace ranklens::tn
