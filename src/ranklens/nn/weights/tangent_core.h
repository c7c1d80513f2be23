#pragma once

#include <ATen/core/Tensor.h>

#include "ranklens/tn/linear/tangent_mps.h"

namespace ranklens::nn {

/// A core of a matrix product state whose gradient is wanted as a part of a tangent vector: what
/// an operator that knows the whole state can take instead of the weight's tensor.
class TangentCore {
 public:
  virtual ~TangentCore() = default;
  virtual const tn::CoreForms& forms() const = 0;
  /// Zeros of the core's shape, the weight's only factor.
  virtual const at::Tensor& part() const = 0;
};

}  // namespace ranklens::nn
