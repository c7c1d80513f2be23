#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/optim/memory.h"
#include "ranklens/optim/objective.h"

namespace ranklens::optim {

/// A rule that takes one step at a time. What it remembers of a weight is kept under the tensor's
/// full name ("head.weight.core.0"), so it can be saved, and lives on when other weights change
/// their shape; a tensor that changes its own shape starts afresh.
class Optimiser {
 public:
  virtual ~Optimiser() = default;

  /// One step on the trainable tensors of `state`, which are changed in place. `rate` multiplies
  /// the learning rate (the schedule's factor). Returns the loss before the step; if a loss within
  /// it was not finite, that one, and the state is as it was. Methods on manifolds return NaN, too,
  /// where a gradient is no number, as at a square root of zero; rules for plain tensors move by
  /// it.
  virtual double step(nn::State& state, Objective& objective, double rate = 1) = 0;

  /// The spec that makes it: "adam(lr=0.001)".
  virtual std::string spec() const = 0;

  /// All it remembers, for a checkpoint; "TENSOR/quantity" to value. Shares the tensors.
  virtual std::map<std::string, at::Tensor> save() const = 0;
  /// The state as it is evaluated, explained and stored: an optimiser that keeps weights in a form
  /// of its own gives them back in the plain one.
  virtual nn::State finished(const nn::State& state) const { return state; }
  /// Numbers by name that are worth a line after a step, such as ranks.
  virtual std::map<std::string, double> observed() const { return {}; }

  /// What save() gave; takes the tensors over.
  virtual void load(const std::map<std::string, at::Tensor>& saved) = 0;
};

/// An optimiser that needs one gradient a step and treats tensors alike. update() also serves
/// without a network: on images in feature visualisation, for instance.
class GradientOptimiser : public Optimiser {
 public:
  double step(nn::State& state, Objective& objective, double rate = 1) final;

  /// Changes the tensors in place; a tensor whose gradient is undefined stays as it is. The
  /// gradients may be used as workspace.
  virtual void update(const std::vector<nn::NamedTensor>& tensors,
                      const std::vector<at::Tensor>& gradients, double rate = 1) = 0;

  std::map<std::string, at::Tensor> save() const final { return memory_.save(); }
  void load(const std::map<std::string, at::Tensor>& saved) final { memory_.load(saved); }

 protected:
  /// It remembers these quantities of each tensor.
  explicit GradientOptimiser(std::vector<std::string> quantities)
      : memory_(std::move(quantities)) {}

  Memory memory_;
};

/// Reads a spec: "adam(lr=1e-3,beta1=0.9,beta2=0.999,eps=1e-8,weight_decay=0,decoupled,eps_hat)",
/// "adamw(lr=1e-3,weight_decay=0.01)", "sgd(lr=0.1,momentum=0.9,dampening=0,weight_decay=0,
/// nesterov)". An Error names what is wrong with it.
std::unique_ptr<Optimiser> make_optimiser(std::string_view spec);

/// The keys that a spec of this name may have, but those read only beside another option.
std::vector<std::string> optimiser_options(std::string_view name);

}  // namespace ranklens::optim
