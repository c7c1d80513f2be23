#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/allclose.h>
#include <gtest/gtest.h>

namespace ranklens::testing {

inline ::testing::AssertionResult close(const at::Tensor& a, const at::Tensor& b,
                                        double relative = 1e-5, double absolute = 1e-6) {
  if (a.sizes() != b.sizes()) {
    return ::testing::AssertionFailure() << "shapes " << a.sizes() << " and " << b.sizes();
  }
  if (at::allclose(a, b, relative, absolute)) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << "largest difference " << (a - b).abs().max().item<double>() << " of values up to "
         << b.abs().max().item<double>();
}

}  // namespace ranklens::testing
