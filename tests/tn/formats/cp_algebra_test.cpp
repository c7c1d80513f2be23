#include "ranklens/tn/formats/cp_algebra.h"

#include <cmath>

#include <ATen/ops/tensordot.h>

#include "ranklens/tn/formats/to_train.h"

#include "testing/expect_error.h"
#include "tn/drawn.h"

namespace ranklens::tn {
namespace {

using namespace ranklens::testing;

class CPAlgebra : public FourTypes {
 protected:
  CP made(const Shape& sizes, std::int64_t terms, const std::string& name) const {
    CP cp{drawn({terms}, name + "weights"), {}};
    for (std::size_t k = 0; k < sizes.size(); ++k)
      cp.factors.push_back(drawn({sizes[k], terms}, name + std::to_string(k), GetParam()));
    return cp;
  }
  void expect_is(const CP& found, const at::Tensor& expected) const {
    EXPECT_EQ(found.factors[0].scalar_type(), GetParam());
    EXPECT_LT(relative(full(found), expected), rounding_of(GetParam()));
  }
  void expect_number(const at::Tensor& found, const at::Tensor& expected, double size) const {
    EXPECT_EQ(found.dim(), 0);
    EXPECT_LT((found - expected).abs().item<double>(), rounding_of(GetParam()) * size);
  }
};

TEST_P(CPAlgebra, SumsAndMultiples) {
  const auto a = made({3, 4, 2}, 2, "a"), b = made({3, 4, 2}, 3, "b");
  EXPECT_EQ(rank(a + b), 5);
  expect_is(a + b, full(a) + full(b));
  expect_is(a - b, full(a) - full(b));
  expect_is(-2.5 * a, full(a) * -2.5);
  expect_is(conj(a), full(a).conj());
  if (c10::isComplexType(GetParam())) {
    const auto turned = std::complex<double>(0.5, -2) * a;
    expect_is(turned, full(a) * c10::Scalar(c10::complex<double>(0.5, -2)));
    EXPECT_FALSE(turned.weights.is_complex());
  } else {
    expect_error([&] { std::complex<double>(0, 1) * a; }, "needs a complex tensor");
  }
  expect_error([&] { INFINITY* a; }, "not finite");
}

TEST_P(CPAlgebra, Products) {
  const auto a = made({3, 4, 2}, 2, "a"), b = made({3, 4, 2}, 3, "b"), c = made({5, 2}, 3, "c");
  EXPECT_EQ(rank(hadamard(a, b)), 6);
  expect_is(hadamard(a, b), full(a) * full(b));
  EXPECT_EQ(shape(kron(a, c)), (Shape{3, 4, 2, 5, 2}));
  expect_is(kron(a, c), at::tensordot(full(a), full(c), {}, {}));
  expect_number(dot(a, b), (full(a).conj() * full(b)).sum(), norm(a) * norm(b));
}

TEST_P(CPAlgebra, SumsOverModes) {
  const auto a = made({3, 4, 2}, 3, "a");
  expect_number(sum(a), full(a).sum(), norm(a) * 5);
  expect_is(sum(a, Shape{1}), full(a).sum(1));
  expect_is(sum(a, Shape{2, 0}), full(a).sum(at::IntArrayRef{0, 2}));
  expect_is(sum(a, Shape{}), full(a));
  expect_error([&] { sum(a, Shape{0, 1, 2}); }, "at least one mode");
  expect_error([&] { sum(a, Shape{1, 1}); }, "given twice");
}

TEST_P(CPAlgebra, PartsAndOrders) {
  const auto a = made({5, 4, 3}, 3, "a");
  expect_is(slice(a, 0, 1, 5, 2), full(a).slice(0, 1, 5, 2));
  expect_is(select(a, 1, 3), full(a).select(1, 3));
  EXPECT_EQ(shape(select(made({5}, 2, "one"), 0, 2)), (Shape{1}));
  expect_is(permute(a, {2, 0, 1}), full(a).permute({2, 0, 1}));
  expect_number(element(a, {4, 0, 2}), full(a)[4][0][2], norm(a));
  const auto some = at::tensor({0, 1, 2, 3, 3, 1}, at::kLong).reshape({2, 3});
  EXPECT_LT(relative(elements(a, some), at::stack({full(a)[0][1][2], full(a)[3][3][1]})),
            rounding_of(GetParam()));
  EXPECT_EQ(elements(a, at::zeros({0, 3}, at::kLong)).numel(), 0);
  expect_error([&] { slice(a, 0, 2, 2); }, "entries 2 to 2 by 1 are not a part of mode 0");
  expect_error([&] { slice(a, 3, 0, 1); }, "has no mode 3");
  expect_error([&] { permute(a, {0, 0, 1}); }, "must name each of 0 to 2 once");
  expect_error([&] { element(a, {0, 4, 0}); }, "outside the shape 5x4x3");
  expect_error([&] { element(a, {0, 1}); }, "int64 [count, 3]");
}

TEST_P(CPAlgebra, IsATrain) {
  const auto a = made({3, 4, 2}, 3, "a");
  const auto train = from_cp(a);
  EXPECT_EQ(ranks(train), (Shape{3, 3}));
  EXPECT_LT(relative(full(train), full(a)), rounding_of(GetParam()));
}

TEST_P(CPAlgebra, ChangesItsType) {
  const auto a = made({3, 4, 2}, 2, "a");
  const auto wide = to(a, at::TensorOptions(at::kComplexDouble));
  EXPECT_EQ(full(wide).scalar_type(), at::kComplexDouble);
  EXPECT_LT(relative(full(wide), full(a).to(at::kComplexDouble)), rounding_of(GetParam()));
  if (c10::isComplexType(GetParam()))
    expect_error([&] { to(a, at::TensorOptions(at::kDouble)); }, "complex cannot become real");
  expect_error([&] { to(a, at::TensorOptions(at::kLong)); }, "cannot be of type int64");
}

TEST_P(CPAlgebra, SaysWhatDoesNotFit) {
  const auto a = made({3, 4}, 2, "a"), b = made({4, 3}, 2, "b");
  const auto other = to(a, at::TensorOptions(at::kComplexDouble));
  for (const auto& together :
       {+[](const CP& x, const CP& y) { x + y; }, +[](const CP& x, const CP& y) { hadamard(x, y); },
        +[](const CP& x, const CP& y) { dot(x, y); }}) {
    expect_error([&] { together(a, b); }, "needs tensors of one shape, not 3x4 and 4x3");
    if (GetParam() != at::kComplexDouble)
      expect_error([&] { together(a, other); }, "needs one dtype");
  }
}

RANKLENS_FOUR_TYPES(CPAlgebra);

}  // namespace
}  // namespace ranklens::tn
