#include "ranklens/optim/tensor_train/tangent_point.h"

#include <cmath>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros_like.h>

#include "ranklens/base/error.h"

namespace ranklens::optim {

tn::TangentSpace space_at(const tn::TensorTrain& train) {
  auto space = tn::tangent_space(train);
  const double scale = std::exp(space.log_scale);
  space.left.back() = space.left.back() * scale;
  space.right.front() = space.right.front() * scale;
  space.log_scale = 0;
  return space;
}

tn::TangentSpace unit_space_at(const tn::TensorTrain& train, double& log_norm) {
  auto space = tn::tangent_space(train);  // its norm is in log_scale
  log_norm = std::exchange(space.log_scale, 0.0);
  return space;
}

std::vector<at::Tensor> with_slots(const tn::TangentSpace& space) {
  tn::Tangent none;
  for (const auto& core : space.left) none.deltas.push_back(at::zeros_like(core));
  none.deltas.back() = space.left.back();
  return tn::as_train(space, none).cores;
}

tn::Tangent gradient_in(const tn::TangentSpace& space, const std::vector<at::Tensor>& gradients) {
  base::require(gradients.size() == space.left.size(), "{} gradients for {} cores",
                gradients.size(), space.left.size());
  std::vector<at::Tensor> deltas;
  for (std::size_t k = 0; k < gradients.size(); ++k) {
    const auto& like = space.left[k];
    if (!gradients[k].defined()) {
      deltas.push_back(at::zeros_like(like));
      continue;
    }
    // The lower left block, which is all of the first core's rows and of the last one's columns.
    const auto& block = gradients[k];
    deltas.push_back(block.narrow(0, block.size(0) - like.size(0), like.size(0))
                         .narrow(2, 0, like.size(2))
                         .contiguous());
  }
  return tn::gauged(space, std::move(deltas));
}

double inner(const tn::Tangent& a, const tn::Tangent& b) {
  base::require(a.deltas.size() == b.deltas.size() && !a.deltas.empty(),
                "tangent vectors of {} and {} parts have no inner product", a.deltas.size(),
                b.deltas.size());
  at::Tensor sum;
  for (std::size_t k = 0; k < a.deltas.size(); ++k) {
    const auto part = (a.deltas[k].to(at::kDouble) * b.deltas[k].to(at::kDouble)).sum();
    sum = sum.defined() ? sum + part : part;
  }
  return sum.item<double>() * std::exp(a.log_scale + b.log_scale);
}

std::vector<at::Tensor> scaled(std::vector<at::Tensor> cores, double factor) {
  if (factor == 1) return cores;
  for (auto& core : cores) {
    if (core.defined()) core = core * factor;
  }
  return cores;
}

double share_of_each(double log_scale, std::size_t cores) {
  return std::exp(log_scale / static_cast<double>(cores));
}

std::vector<at::Tensor> plain_cores(const tn::TensorTrain& train) {
  const double share = share_of_each(train.log_scale, train.cores.size());
  std::vector<at::Tensor> cores;  // of its own, also where the share is one
  for (const auto& core : train.cores) cores.push_back(core * share);
  return cores;
}

}  // namespace ranklens::optim
