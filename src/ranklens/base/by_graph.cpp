#include "ranklens/base/by_graph.h"

#include <torch/csrc/autograd/autograd.h>

namespace ranklens::base {

std::vector<at::Tensor> gradients_by_graph(const at::Tensor& output,
                                           const std::vector<at::Tensor>& inputs,
                                           const at::Tensor& gradient) {
  std::vector<std::size_t> places;
  std::vector<at::Tensor> wanted;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (!inputs[k].defined() || !inputs[k].requires_grad()) continue;
    places.push_back(k);
    wanted.push_back(inputs[k]);
  }
  const auto found = torch::autograd::grad({output}, wanted, {gradient}, true, true, true);
  std::vector<at::Tensor> gradients(inputs.size());
  for (std::size_t k = 0; k < places.size(); ++k) gradients[places[k]] = found[k];
  return gradients;
}

}  // namespace ranklens::base
