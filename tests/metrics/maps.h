#pragma once

#include <cstdint>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

namespace ranklens::metrics {

/// The numbers x / 2^31 of x <- (1103515245 x + 12345) mod 2^31: the same in the Python that
/// computed the constants of these tests (scipy 1.17.1, scikit-image 0.26.0).
inline at::Tensor numbers(std::vector<std::int64_t> shape, std::int64_t seed) {
  at::Tensor out = at::empty(shape, at::kDouble);
  auto* data = out.mutable_data_ptr<double>();
  for (std::int64_t i = 0; i < out.numel(); ++i) {
    seed = (1103515245 * seed + 12345) % (std::int64_t{1} << 31);
    data[i] = static_cast<double>(seed) / static_cast<double>(std::int64_t{1} << 31);
  }
  return out;
}

inline at::Tensor map_of(const std::vector<double>& values, std::int64_t height) {
  return at::tensor(values, at::kDouble).view({1, height, -1});
}

inline at::Tensor mask_of(const std::vector<std::int64_t>& values, std::int64_t height) {
  return at::tensor(values, at::kLong).to(at::kByte).view({1, height, -1});
}

inline double value(const at::Tensor& values, std::int64_t i = 0) {
  return values[i].item<double>();
}

}  // namespace ranklens::metrics
