// Singular value decompositions that go on where LAPACK does not converge, which is rare and hangs
// on the last bits of a matrix: the failures are made here.
#include "ranklens/tn/linalg/svd.h"

#include <ATen/ops/full.h>
#include <ATen/ops/mm.h>
#include <c10/util/Exception.h>
#include <gtest/gtest.h>

#include "ranklens/tn/linalg/numbers.h"

#include "testing/expect_error.h"
#include "tn/values.h"

namespace ranklens::tn {
namespace {

using namespace ranklens::testing;

class ReducedSvdOf : public FourTypes {};

/// Fails so many times.
SvdRoutine failing(int times) {
  return [left = times](const at::Tensor& matrix) mutable -> ReducedSvd {
    TORCH_CHECK_LINALG(left-- <= 0, "linalg.svd: The algorithm failed to converge");
    return library_svd(matrix);
  };
}

/// Gives NaN so many times, without a word.
SvdRoutine silently_failing(int times) {
  return [left = times](const at::Tensor& matrix) mutable {
    auto found = library_svd(matrix);
    if (left-- > 0) found.s = found.s * std::nan("");
    return found;
  };
}

TEST_P(ReducedSvdOf, EveryWayGivesTheMatrix) {
  for (const auto& [m, n] : {std::pair{12, 7}, {7, 12}, {9, 9}}) {
    const auto a = noise({m, n}, GetParam());
    const auto expected = library_svd(a);
    const int ways = is_narrow(GetParam()) ? 4 : 3;
    for (int failures = 0; failures < ways; ++failures) {
      const auto found = reduced_svd(a, failing(failures));
      EXPECT_EQ(found.u.scalar_type(), a.scalar_type()) << failures;
      EXPECT_EQ(found.s.sizes(), expected.s.sizes()) << failures;
      EXPECT_LT(relative(found.s, expected.s), rounding_of(GetParam())) << failures;
      EXPECT_LT(relative(at::mm(found.u * found.s, found.vh), a), rounding_of(GetParam()))
          << failures;
    }
    expect_error([&] { reduced_svd(a, failing(ways)); }, "no iteration converged");
  }
}

TEST_P(ReducedSvdOf, ValuesThatAreNoNumbersHaveNotConverged) {
  const auto a = noise({8, 5}, GetParam());
  const int ways = is_narrow(GetParam()) ? 4 : 3;
  for (int failures = 0; failures < ways; ++failures) {
    const auto found = reduced_svd(a, silently_failing(failures));
    EXPECT_LT(relative(at::mm(found.u * found.s, found.vh), a), rounding_of(GetParam()))
        << failures;
  }
  expect_error([&] { reduced_svd(a, silently_failing(ways)); }, "no iteration converged");
}

TEST_P(ReducedSvdOf, NothingIsFoundOfNaN) {
  auto a = noise({5, 5}, GetParam());
  a[2][3] = std::nan("");
  expect_error([&] { reduced_svd(a, failing(1)); }, "NaN or infinite");
}

RANKLENS_FOUR_TYPES(ReducedSvdOf);

}  // namespace
}  // namespace ranklens::tn
