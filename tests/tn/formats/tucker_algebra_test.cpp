#include "ranklens/tn/formats/tucker_algebra.h"

#include <cmath>

#include <ATen/ops/tensordot.h>

#include "ranklens/tn/formats/to_train.h"
#include "ranklens/tn/linalg/numbers.h"

#include "testing/expect_error.h"
#include "tn/drawn.h"

namespace ranklens::tn {
namespace {

using namespace ranklens::testing;

class TuckerAlgebra : public FourTypes {
 protected:
  Tucker made(const Shape& sizes, const Shape& inner, const std::string& name) const {
    Tucker tucker{drawn(inner, name + "core", GetParam()), {}};
    for (std::size_t k = 0; k < sizes.size(); ++k)
      tucker.factors.push_back(drawn({sizes[k], inner[k]}, name + std::to_string(k), GetParam()));
    return tucker;
  }
  void expect_is(const Tucker& found, const at::Tensor& expected) const {
    EXPECT_EQ(found.core.scalar_type(), GetParam());
    EXPECT_LT(relative(full(found), expected), rounding_of(GetParam()));
  }
  void expect_number(const at::Tensor& found, const at::Tensor& expected, double size) const {
    EXPECT_EQ(found.dim(), 0);
    EXPECT_LT((found - expected).abs().item<double>(), rounding_of(GetParam()) * size);
  }
};

TEST_P(TuckerAlgebra, SumsAndMultiples) {
  const auto a = made({3, 4, 2}, {2, 3, 2}, "a"), b = made({3, 4, 2}, {1, 2, 2}, "b");
  EXPECT_EQ(ranks(a + b), (Shape{3, 5, 4}));
  expect_is(a + b, full(a) + full(b));
  expect_is(a - b, full(a) - full(b));
  expect_is(-2.5 * a, full(a) * -2.5);
  expect_is(conj(a), full(a).conj());
  if (c10::isComplexType(GetParam())) {
    expect_is(std::complex<double>(0.5, -2) * a,
              full(a) * c10::Scalar(c10::complex<double>(0.5, -2)));
  } else {
    expect_error([&] { std::complex<double>(0, 1) * a; }, "needs a complex tensor");
  }
  expect_error([&] { INFINITY* a; }, "not finite");
}

TEST_P(TuckerAlgebra, Products) {
  const auto a = made({3, 4, 2}, {2, 3, 2}, "a"), b = made({3, 4, 2}, {1, 2, 2}, "b"),
             c = made({5, 2}, {2, 1}, "c");
  EXPECT_EQ(ranks(hadamard(a, b)), (Shape{2, 6, 4}));
  expect_is(hadamard(a, b), full(a) * full(b));
  EXPECT_EQ(shape(kron(a, c)), (Shape{3, 4, 2, 5, 2}));
  expect_is(kron(a, c), at::tensordot(full(a), full(c), {}, {}));
  expect_number(dot(a, b), (full(a).conj() * full(b)).sum(), norm(a) * norm(b));
}

TEST_P(TuckerAlgebra, SumsOverModes) {
  const auto a = made({3, 4, 2}, {2, 3, 2}, "a");
  expect_number(sum(a), full(a).sum(), norm(a) * 5);
  expect_is(sum(a, Shape{1}), full(a).sum(1));
  expect_is(sum(a, Shape{2, 0}), full(a).sum(at::IntArrayRef{0, 2}));
  expect_is(sum(a, Shape{}), full(a));
  expect_error([&] { sum(a, Shape{0, 1, 2}); }, "at least one mode");
}

TEST_P(TuckerAlgebra, PartsAndOrders) {
  const auto a = made({5, 4, 3}, {2, 3, 2}, "a");
  expect_is(slice(a, 0, 1, 5, 2), full(a).slice(0, 1, 5, 2));
  expect_is(select(a, 1, 3), full(a).select(1, 3));
  EXPECT_EQ(shape(select(made({5}, {2}, "one"), 0, 2)), (Shape{1}));
  expect_is(permute(a, {2, 0, 1}), full(a).permute({2, 0, 1}));
  expect_number(element(a, {4, 0, 2}), full(a)[4][0][2], norm(a));
  const auto some = at::tensor({0, 1, 2, 3, 3, 1}, at::kLong).reshape({2, 3});
  EXPECT_LT(relative(elements(a, some), at::stack({full(a)[0][1][2], full(a)[3][3][1]})),
            rounding_of(GetParam()));
  EXPECT_EQ(elements(a, at::zeros({0, 3}, at::kLong)).numel(), 0);
  expect_error([&] { select(a, 0, 5); }, "entries 5 to 6 by 1 are not a part of mode 0");
  expect_error([&] { permute(a, {0, 1}); }, "must name each of 0 to 2 once");
  expect_error([&] { element(a, {0, -1, 0}); }, "outside the shape 5x4x3");
}

TEST_P(TuckerAlgebra, IsATrain) {
  const auto a = made({3, 4, 2}, {2, 3, 2}, "a");
  EXPECT_EQ(ranks(from_tucker(a)), (Shape{2, 2}));
  EXPECT_LT(relative(full(from_tucker(a)), full(a)), rounding_of(GetParam()));
  // With a train for a core: the definition, by the dense core.
  const TuckerTrain hybrid{
      from_cp(CP{drawn({2}, "w"),
                 {drawn({2, 2}, "x", GetParam()), drawn({3, 2}, "y", GetParam()),
                  drawn({2, 2}, "z", GetParam())}}),
      a.factors};
  const auto expected = full(Tucker{full(hybrid.core), a.factors});
  EXPECT_EQ(ranks(from_tucker(hybrid)), (Shape{2, 2}));
  EXPECT_LT(relative(full(from_tucker(hybrid)), expected), rounding_of(GetParam()));
  EXPECT_LT(relative(full(hybrid), expected), rounding_of(GetParam()));
}

TEST_P(TuckerAlgebra, ChangesItsType) {
  const auto a = made({3, 4, 2}, {2, 3, 2}, "a");
  const auto wide = to(a, at::TensorOptions(at::kComplexDouble));
  EXPECT_EQ(full(wide).scalar_type(), at::kComplexDouble);
  EXPECT_LT(relative(full(wide), full(a).to(at::kComplexDouble)), rounding_of(GetParam()));
  if (c10::isComplexType(GetParam()))
    expect_error([&] { to(a, at::TensorOptions(at::kDouble)); }, "complex cannot become real");
}

TEST_P(TuckerAlgebra, SaysWhatDoesNotFit) {
  const auto a = made({3, 4}, {2, 2}, "a"), b = made({4, 3}, {2, 2}, "b");
  const auto other = to(a, at::TensorOptions(at::kComplexDouble));
  for (const auto& together : {+[](const Tucker& x, const Tucker& y) { x + y; },
                               +[](const Tucker& x, const Tucker& y) { hadamard(x, y); },
                               +[](const Tucker& x, const Tucker& y) { dot(x, y); }}) {
    expect_error([&] { together(a, b); }, "needs tensors of one shape, not 3x4 and 4x3");
    if (GetParam() != at::kComplexDouble)
      expect_error([&] { together(a, other); }, "needs one dtype");
  }
}

RANKLENS_FOUR_TYPES(TuckerAlgebra);

}  // namespace
}  // namespace ranklens::tn
