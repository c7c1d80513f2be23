#pragma once

#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include "ranklens/tn/linear/panels/two_steps.h"

namespace ranklens::tn {

/// Memory of libtorch's allocator for kernels, as long as this lives.
class KernelMemory {
 public:
  panels::Room room() {
    return [this](std::int64_t numbers) {
      held_.push_back(at::empty({numbers}, at::kFloat));
      return held_.back().mutable_data_ptr<float>();
    };
  }

 private:
  std::vector<at::Tensor> held_;
};

}  // namespace ranklens::tn
