#pragma once

#include <string_view>

#include "tn/values.h"

namespace ranklens::testing {

/// Normal entries of a stream with a name.
inline at::Tensor drawn(at::IntArrayRef sizes, std::string_view name,
                        at::ScalarType dtype = at::kDouble) {
  base::Stream stream(20, "noise", name);
  return tn::gaussian(stream, sizes, dtype);
}

/// A bound for results of float64; those of float32 may be further off by the ratio of precisions.
inline double loosened(double bound, at::ScalarType dtype) {
  return is_narrow(dtype) ? bound * 5e8 : bound;
}

}  // namespace ranklens::testing
