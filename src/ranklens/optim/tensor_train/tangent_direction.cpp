#include "ranklens/optim/tensor_train/tangent_direction.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <ATen/ops/zeros_like.h>

#include "ranklens/optim/tensor_train/tangent_point.h"
#include "ranklens/tn/train/algebra.h"

namespace ranklens::optim {
namespace {

using DirectionMethod = RiemannianOptions::Method;

tn::Tangent carried(const tn::TensorTrain& momentum, const tn::TangentSpace& to) {
  return tn::project(to, momentum);
}

/// The point of a space as one of its own tangent vectors.
tn::Tangent own_vector(const tn::TangentSpace& space) {
  tn::Tangent found{.deltas = {}, .log_scale = space.log_scale};
  for (const auto& core : space.left) found.deltas.push_back(at::zeros_like(core));
  found.deltas.back() = space.left.back();
  return found;
}

/// What momentum sums is the gradient of the loss with its penalty, as optim::Sgd has it: a decay
/// beside the momentum would be 1 / (1 - momentum) times weaker than that of all other tensors.
tn::Tangent decaying_gradient(const RiemannianOptions& options, const TangentWork& work) {
  if (options.weight_decay == 0) return work.gradient;
  return work.gradient + options.weight_decay * own_vector(work.space);
}

/// Conjugate to the last one by Polak and Ribiere's factor, or the gradient where that would not go
/// down.
tn::Tangent next_conjugate(const TangentWork& work, TangentMemory& memory) {
  const auto& gradient = work.gradient;
  const bool begun = !memory.momentum.cores.empty();
  const auto before = std::exchange(memory.gradient, remembered(work.space, gradient, work.normal));
  if (!begun) return gradient;
  const double last = std::pow(tn::norm(before), 2);
  const auto change = gradient + (-1.0) * carried(before, work.space);
  const double factor = last > 0 ? std::max(0.0, inner(gradient, change) / last) : 0;
  auto found = gradient + factor * carried(memory.momentum, work.space);
  return inner(found, gradient) > 0 ? found : gradient;
}

/// Takes in the gradient, with what it has off the tangent space where ranks grow. There it may be
/// longer by orders of magnitude than all before it, and stays so, as it is in the next tangent
/// space: the moment is no less than one of such gradients alone.
void take_in(const RiemannianOptions& options, const TangentWork& work, TangentMemory& memory) {
  double squared = inner(work.gradient, work.gradient);
  auto numbers = static_cast<double>(tn::dimension(work.space));
  const bool grows = !work.gained.empty();
  if (grows) {
    squared += squared_norm(work.normal);
    numbers += static_cast<double>(dimension(work.space, work.normal));
  }
  const double square = squared / numbers;
  memory.second = options.beta2 * memory.second + (1 - options.beta2) * square;
  const double known = 1 - std::pow(options.beta2, static_cast<double>(memory.steps));
  if (grows) memory.second = std::max(memory.second, known * square);
}

/// The mean of gradients; the second moment takes in this one.
tn::Tangent next_mean(const RiemannianOptions& options, const TangentWork& work,
                      TangentMemory& memory) {
  const auto& gradient = work.gradient;
  take_in(options, work, memory);
  auto mean = (1 - options.beta1) * gradient;
  if (!memory.momentum.cores.empty()) {
    mean = mean + options.beta1 * carried(memory.momentum, work.space);
  }
  return mean;
}

}  // namespace

tn::Tangent next_direction(const RiemannianOptions& options, const TangentWork& work,
                           TangentMemory& memory) {
  ++memory.steps;
  if (options.method == DirectionMethod::cg) return next_conjugate(work, memory);
  if (options.method == DirectionMethod::adam) return next_mean(options, work, memory);
  auto gradient = decaying_gradient(options, work);
  if (options.momentum == 0 || memory.momentum.cores.empty()) return gradient;
  return gradient + options.momentum * carried(memory.momentum, work.space);
}

double share_of_gradient(const RiemannianOptions& options) {
  return options.method == DirectionMethod::adam ? 1 - options.beta1 : 1;
}

double own_length(const RiemannianOptions& options, const TangentMemory& memory, double length) {
  if (options.method != DirectionMethod::adam) return length;
  const auto t = static_cast<double>(memory.steps);
  const double root = std::sqrt(memory.second / (1 - std::pow(options.beta2, t))) + options.eps;
  if (root == 0) return 0;  // without eps, where no gradient was anything but zero: nor is the mean
  return length / (1 - std::pow(options.beta1, t)) / root;
}

double decay_factor(const RiemannianOptions& options, double length) {
  return options.method == DirectionMethod::adam ? 1 - length * options.weight_decay : 1;
}

}  // namespace ranklens::optim
