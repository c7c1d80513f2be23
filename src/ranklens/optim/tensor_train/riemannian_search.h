#pragma once

#include <functional>

#include "ranklens/optim/objective.h"
#include "ranklens/optim/other_tensors.h"

namespace ranklens::optim {

/// A line from a state: `move_trains` puts the trains of a state a step along it, all other tensors
/// go against their gradients; `slope` is how fast the loss falls at its start, > 0.
struct SharedLine {
  std::function<void(nn::State& state, double step)> move_trains;
  const OtherTensors& others;
  double slope = 0;
};

/// How fast the loss falls where other tensors go against their gradients.
double slope_of(const OtherTensors& others);

/// The first of the steps `first`, `first` / 2, ... that lowers the loss as Armijo's rule asks; 0
/// where none of them does, or where nothing falls.
double search_step(const SharedLine& line, const nn::State& state, Objective& objective,
                   double loss, double first);

/// The step itself, in place.
void go_against_gradients(const OtherTensors& others, double step);

}  // namespace ranklens::optim
