#include "ranklens/tn/train/algebra.h"

#include <ATen/ops/einsum.h>
#include <ATen/ops/kron.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/mv.h>

#include "ranklens/tn/train/make.h"
#include "ranklens/tn/train/modes.h"
#include "ranklens/tn/train/sweep.h"

#include "testing/expect_error.h"
#include "tn/values.h"

namespace ranklens::tn {
namespace {

using namespace ranklens::testing;

class Algebra : public FourTypes {
 protected:
  TensorTrain made(const Shape& shape, const Shape& ranks, std::uint64_t seed) const {
    base::Stream stream(seed, "init", "algebra");
    auto train = random(stream, shape, {.ranks = ranks, .dtype = GetParam()});
    train.log_scale = 0.3 * static_cast<double>(seed);  // every operation has to heed it
    return train;
  }
  TTMatrix made(const Shape& rows, const Shape& columns, std::int64_t rank,
                std::uint64_t seed) const {
    base::Stream stream(seed, "init", "algebra");
    auto w = random(stream, rows, columns, {.ranks = {rank}, .dtype = GetParam()});
    w.log_scale = 0.2 * static_cast<double>(seed);
    return w;
  }
  bool is_complex() const { return c10::isComplexType(GetParam()); }
  double rounding() const { return rounding_of(GetParam()); }
};

TEST_P(Algebra, SumsDifferencesAndMultiples) {
  const auto a = made({3, 4, 2}, {2, 2}, 1), b = made({3, 4, 2}, {3, 2}, 2);
  EXPECT_LT(relative(full(a + b), full(a) + full(b)), rounding());
  EXPECT_LT(relative(full(a - b), full(a) - full(b)), rounding());
  EXPECT_EQ(ranks(a + b), (Shape{5, 4}));
  EXPECT_LT(relative(full(-2.5 * canonical(a, 1)), full(a) * -2.5), rounding());
  const auto x = made({5}, {}, 1), y = made({5}, {}, 2);
  EXPECT_LT(relative(full(x + y), full(x) + full(y)), rounding());
  if (is_complex()) {
    const c10::complex<double> factor(0.5, -2);
    EXPECT_LT(relative(full(std::complex<double>(0.5, -2) * a), full(a) * c10::Scalar(factor)),
              rounding());
  } else {
    expect_error([&] { std::complex<double>(0, 1) * a; }, "needs a complex train");
  }
  expect_error([&] { (INFINITY * a); }, "not finite");
}

// The norm of a train with a centre is that of the centre's core: so what an operation claims about
// the centre has to be true.
TEST_P(Algebra, NormsAreThoseOfTheTensorWhateverCentreIsClaimed) {
  const auto a = made({3, 4, 2, 3}, {2, 3, 2}, 1);
  const std::vector<at::Tensor> factors{noise({5, 3}, GetParam(), 1), noise({4, 4}, GetParam(), 2),
                                        noise({3, 2}, GetParam(), 3), noise({3, 3}, GetParam(), 4)};
  for (const std::int64_t centre : {0, 1, 2, 3}) {
    const auto x = canonical(a, centre);
    EXPECT_EQ(x.centre, centre);
    for (const auto& found :
         {x, -2.5 * x, conj(x), x + x, hadamard(x, x), kron(x, x), sum(x, {1}), sum(x, {0, 3}),
          slice(x, 2, 1, 2), select(x, 1, 2), reshape(x, {12, 2, 3}), from_tucker(x, factors)}) {
      EXPECT_NEAR(norm(found) / norm_of(full(found)), 1, 10 * rounding()) << centre;
    }
  }
}

TEST_P(Algebra, EntrywiseAndOuterProducts) {
  const auto a = made({3, 4, 2}, {2, 2}, 1), b = made({3, 4, 2}, {3, 2}, 2);
  EXPECT_LT(relative(full(hadamard(a, b)), full(a) * full(b)), rounding());
  const auto c = made({5, 2}, {2}, 3);
  EXPECT_LT(relative(full(kron(a, c)), at::einsum("ijk,lm->ijklm", {full(a), full(c)})),
            rounding());
}

TEST_P(Algebra, DotConjugatesItsFirstArgument) {
  const auto a = made({3, 4, 2}, {2, 2}, 1), b = made({3, 4, 2}, {3, 2}, 2);
  const auto expected = (full(a).conj() * full(b)).sum();
  EXPECT_LT(relative(dot(a, b), expected), 10 * rounding());
  EXPECT_LT(relative(dot(b, a), expected.conj()), 10 * rounding());
  EXPECT_NEAR(norm(a) / norm_of(full(a)), 1, rounding());
  EXPECT_NEAR(norm(canonical(a, 1)) / norm_of(full(a)), 1, rounding());
  EXPECT_LT(norm(a - a), 10 * rounding() * norm(a));
  EXPECT_LT(relative(full(conj(a)), full(a).conj().resolve_conj()), rounding());
}

TEST_P(Algebra, SumsOverModes) {
  const auto a = made({3, 4, 2, 5}, {2, 3, 2}, 1);
  const auto dense = full(a);
  EXPECT_LT(relative(sum(a), dense.sum()), 10 * rounding());
  for (const auto& modes : {Shape{0}, {3}, {1}, {0, 1}, {2, 3}, {0, 3}, {1, 2}, {3, 0, 2}, {}}) {
    const auto expected = modes.empty() ? dense : dense.sum(modes);
    EXPECT_LT(relative(full(sum(a, modes)), expected), 10 * rounding());
  }
  expect_error([&] { sum(a, {4}); }, "mode 4");
  expect_error([&] { sum(a, {1, 1}); }, "given twice");
  expect_error([&] { sum(a, {0, 1, 2, 3}); }, "leave at least one");
}

TEST_P(Algebra, MatricesMultiplyAndTranspose) {
  const auto a = made({2, 3}, {5, 4}, 3, 1), b = made({5, 4}, {3, 2}, 2, 2);
  const auto x = made({5, 4}, {3}, 3);
  EXPECT_LT(relative(full(matmul(a, b)), at::mm(full(a), full(b))), rounding());
  EXPECT_LT(relative(full(matmul(a, x)).reshape({6}), at::mv(full(a), full(x).reshape({20}))),
            rounding());
  EXPECT_LT(relative(full(transpose(a)), full(a).t()), rounding());
  EXPECT_LT(relative(full(adjoint(a)), full(a).mH().resolve_conj()), rounding());
  EXPECT_LT(relative(full(kron(a, b)), at::kron(full(a), full(b))), rounding());
  const auto c = made({2, 3}, {5, 4}, 2, 4);
  EXPECT_LT(relative(full(a + c), full(a) + full(c)), rounding());
  EXPECT_LT(relative(full(a - 2.0 * c), full(a) - full(c) * 2), rounding());
  EXPECT_LT(relative(dot(a, c), at::mm(full(a).mH(), full(c)).trace()), 10 * rounding());
  EXPECT_NEAR(norm(a) / norm_of(full(a)), 1, rounding());
  const auto unit = identity({5, 4}, GetParam());
  EXPECT_LT(relative(full(matmul(a, unit)), full(a)), rounding());
  expect_error([&] { matmul(a, c); }, "cannot be multiplied");
  expect_error([&] { matmul(a, made({2, 3}, {2}, 3)); }, "takes no train of 2x3");
  expect_error([&] { a + b; }, "a sum needs TT matrices of the same modes");
}

RANKLENS_FOUR_TYPES(Algebra);

TEST(AlgebraErrors, AreOneSentence) {
  const auto a = ones({2, 3});
  expect_error([&] { a + ones({3, 2}); }, "not 2x3 and 3x2");
  expect_error([&] { a + ones({2, 3}, at::kFloat); }, "one dtype, not float64 and float32");
  expect_error([&] { hadamard(a, ones({2})); }, "an entrywise product");
  expect_error([&] { dot(a, ones({2})); }, "an inner product");
  expect_error([&] { kron(a, ones({2}, at::kFloat)); }, "a Kronecker product");
}

}  // namespace
}  // namespace ranklens::tn
