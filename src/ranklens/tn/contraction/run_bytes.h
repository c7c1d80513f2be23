#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/tn/contraction/path.h"

namespace ranklens::tn {

/// Where and on what a path runs.
struct RunSetting {
  at::ScalarType dtype = at::kDouble;
  int threads = 1;
  at::Device device = at::kCPU;
  std::vector<Shape> strides = {};  ///< of the operands; by default they are contiguous
};

/// The most bytes that a run without gradients allocates beside its operands: its result and
/// Program::workspace_bytes. Of runs beyond 2^60 bytes only the magnitude is said. Error where the
/// path is none of this expression.
double run_bytes(const Expression& expression, const Path& path, const Labels& sliced,
                 const RunSetting& setting);

/// The operands' strides; none where they are not as many, or not of as many modes, as the
/// expression has.
std::vector<Shape> strides_of(const Expression& expression,
                              const std::vector<at::Tensor>& operands);

}  // namespace ranklens::tn
