#pragma once

#include <cstddef>
#include <vector>

#include <ATen/core/Tensor.h>

namespace ranklens::optim {

/// A matrix product state with a label on one core, as a list of cores: `cores[k]` [r, d, r'], but
/// at `centre` [r, d, classes, r']. What it stands for is their product times e^log_scale: over
/// hundreds of sites numbers of order one are made of a train that no dtype could hold.
struct LabelledState {
  std::vector<at::Tensor> cores;
  std::size_t centre = 0;
  double log_scale = 0;
};

/// f [batch, classes] for features [batch, sites, d]; infinite or zero only where the result itself
/// is outside the dtype's range.
at::Tensor values(const LabelledState& state, const at::Tensor& features);

/// The cores as the operator `mps_classifier` has them: [r, d, r'], and after the first `label` of
/// them one of [r, classes, r']. The scale is shared out evenly among the cores.
struct ClassifierCores {
  std::vector<at::Tensor> cores;
  std::size_t label = 0;
};
ClassifierCores classifier_cores(const LabelledState& state);

}  // namespace ranklens::optim
