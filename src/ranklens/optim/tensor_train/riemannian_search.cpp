#include "ranklens/optim/tensor_train/riemannian_search.h"

#include <cmath>

#include <ATen/TensorOperators.h>

#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::optim {

double slope_of(const OtherTensors& others) {
  double slope = 0;
  for (const auto& gradient : others.gradients) {
    if (gradient.defined()) slope += std::pow(tn::frobenius(gradient), 2);
  }
  return slope;
}

double search_step(const SharedLine& line, const nn::State& state, Objective& objective,
                   double loss, double first) {
  constexpr int halvings = 20;
  if (!(line.slope > 0)) return 0;
  double step = first;
  for (int k = 0; k < halvings; ++k, step /= 2) {
    nn::State trial = state;
    line.move_trains(trial, step);
    const auto& [tensors, gradients] = line.others;
    for (std::size_t j = 0; j < tensors.size(); ++j) {
      if (!gradients[j].defined()) continue;
      trial.set_tensor(tensors[j].name, tensors[j].tensor.detach() - step * gradients[j]);
    }
    const double found = objective.loss(trial);
    if (std::isfinite(found) && found <= loss - 1e-4 * step * line.slope) return step;
  }
  return 0;
}

void go_against_gradients(const OtherTensors& others, double step) {
  for (std::size_t k = 0; k < others.tensors.size(); ++k) {
    if (others.gradients[k].defined()) {
      others.tensors[k].tensor.detach().sub_(others.gradients[k], step);
    }
  }
}

}  // namespace ranklens::optim
