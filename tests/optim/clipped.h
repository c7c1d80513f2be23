#pragma once

#include <vector>

#include "ranklens/optim/clip.h"
#include "ranklens/optim/objective.h"

namespace ranklens::optim::testing {

/// Clips all gradients of an evaluation by their norm, as the objective of a batch does.
class ClippedByNorm final : public Objective {
 public:
  ClippedByNorm(Objective& whole, double most) : whole_(whole), most_(most) {}
  double loss(const nn::State& state) override { return whole_.loss(state); }
  Gradients loss_and_gradients(const nn::State& state, const Phase& phase) override {
    auto found = whole_.loss_and_gradients(state, phase);
    std::vector<at::Tensor> gradients;
    for (const auto& one : found.gradients) gradients.push_back(one.tensor);
    const double length = clip_norm(state, gradients, most_);
    if (length > most_) found.scale = most_ / length;
    scales.push_back(found.scale);
    return found;
  }

  std::vector<double> scales;  ///< of all evaluations

 private:
  Objective& whole_;
  double most_;
};

/// Multiplies all gradients by one factor, and says that clipping did.
class ClippedBy final : public Objective {
 public:
  ClippedBy(Objective& whole, double factor) : whole_(whole), factor_(factor) {}
  double loss(const nn::State& state) override { return whole_.loss(state); }
  Gradients loss_and_gradients(const nn::State& state, const Phase& phase) override {
    auto found = whole_.loss_and_gradients(state, phase);
    found.scale = factor_;
    for (auto& one : found.gradients) one.tensor = factor_ * one.tensor;
    return found;
  }

 private:
  Objective& whole_;
  double factor_;
};

}  // namespace ranklens::optim::testing
