#pragma once

#include "ranklens/base/random.h"

namespace ranklens::testing {

/// Standard normal values that are the same in every run; another name, other values.
inline at::Tensor normal_float(at::IntArrayRef sizes, const char* name = "x", double mean = 0) {
  return base::Stream(4, "test", name).normal(sizes, mean, 1, at::kFloat);
}

inline at::Tensor normal_double(at::IntArrayRef sizes, const char* name = "x") {
  return base::Stream(5, "test", name).normal(sizes, 0, 1, at::kDouble);
}

}  // namespace ranklens::testing
