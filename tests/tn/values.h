#pragma once

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ranklens/base/random.h"
#include "ranklens/tn/linalg/sketch.h"

namespace ranklens::testing {

/// The four dtypes that tensor networks are computed in.
inline constexpr at::ScalarType kFour[] = {at::kFloat, at::kDouble, at::kComplexFloat,
                                           at::kComplexDouble};

inline bool is_narrow(at::ScalarType dtype) {
  return dtype == at::kFloat || dtype == at::kComplexFloat;
}

/// What rounding may leave in each of them.
inline double rounding_of(at::ScalarType dtype) { return is_narrow(dtype) ? 2e-5 : 1e-12; }

inline double norm_of(const at::Tensor& t) {
  return at::linalg_vector_norm(t, 2, std::nullopt, false,
                                t.is_complex() ? at::kComplexDouble : at::kDouble)
      .item<double>();
}

inline double relative(const at::Tensor& found, const at::Tensor& expected) {
  EXPECT_EQ(found.sizes(), expected.sizes());
  if (found.sizes() != expected.sizes()) return INFINITY;
  return norm_of(found - expected) / norm_of(expected);
}

inline at::Tensor noise(at::IntArrayRef sizes, at::ScalarType dtype, std::uint64_t seed = 1) {
  base::Stream stream(seed, "noise", "tests");
  return tn::gaussian(stream, sizes, dtype);
}

inline std::string dtype_name(const ::testing::TestParamInfo<at::ScalarType>& info) {
  return c10::toString(info.param);
}

/// Tests that run in each dtype.
class FourTypes : public ::testing::TestWithParam<at::ScalarType> {};

}  // namespace ranklens::testing

/// Instantiates the tests of a suite derived from FourTypes.
#define RANKLENS_FOUR_TYPES(suite)                                                         \
  INSTANTIATE_TEST_SUITE_P(Dtypes, suite, ::testing::ValuesIn(::ranklens::testing::kFour), \
                           ::ranklens::testing::dtype_name)
