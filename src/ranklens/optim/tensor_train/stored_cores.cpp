#include "ranklens/optim/tensor_train/stored_cores.h"

#include <c10/util/accumulate.h>

namespace ranklens::optim {

std::vector<CoreModes> modes_of(const nn::Weight& weight) {
  std::vector<CoreModes> found;
  for (const auto& factor : weight->factors()) {
    const bool window = found.empty() && weight->kind() == "tt_conv";
    const auto sizes = factor.tensor.sizes();
    found.push_back({{sizes.begin() + (window ? 0 : 1), sizes.end() - 1}, !window});
  }
  return found;
}

at::Tensor fused_core(const at::Tensor& stored, const CoreModes& modes) {
  const auto left = modes.has_left ? stored.size(0) : 1;
  // Four-dimensional cores may lie in memory like images: sums over them then have another order.
  return stored.contiguous().reshape({left, c10::multiply_integers(modes.modes), stored.size(-1)});
}

at::Tensor stored_core(const at::Tensor& core, const CoreModes& modes) {
  nn::Shape sizes = modes.modes;
  if (modes.has_left) sizes.insert(sizes.begin(), core.size(0));
  sizes.push_back(core.size(2));
  return core.reshape(sizes).contiguous();
}

std::vector<at::Tensor> fused_cores(const std::vector<at::Tensor>& stored,
                                    const std::vector<CoreModes>& modes) {
  std::vector<at::Tensor> cores;
  for (std::size_t k = 0; k < stored.size(); ++k)
    cores.push_back(fused_core(stored[k], modes.at(k)));
  return cores;
}

std::vector<at::Tensor> stored_cores(const std::vector<at::Tensor>& cores,
                                     const std::vector<CoreModes>& modes) {
  std::vector<at::Tensor> stored;
  for (std::size_t k = 0; k < cores.size(); ++k)
    stored.push_back(stored_core(cores[k], modes.at(k)));
  return stored;
}

}  // namespace ranklens::optim
