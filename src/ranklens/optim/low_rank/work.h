#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ranklens/nn/state.h"
#include "ranklens/optim/low_rank/budget.h"
#include "ranklens/optim/low_rank/core_moments.h"
#include "ranklens/optim/low_rank/options.h"
#include "ranklens/optim/low_rank/seen_bases.h"
#include "ranklens/optim/low_rank/tangent_moments.h"

namespace ranklens::optim {

/// Which step, of what length.
struct StepAt {
  double size = 0;
  std::int64_t number = 1;  ///< counted from 1
};

/// What is kept of a weight from step to step.
struct Remembered {
  SeenBases bases;
  CoreMoments core;
  TangentMoments tangent;
  TuckerTangentMoments tucker_tangent;
};

/// A weight within one step, a matrix or a kernel: all of them go through the same stages together.
class Work {
 public:
  virtual ~Work() = default;
  virtual const std::string& name() const = 0;
  /// The weight as stage `which` evaluates it: a probe whose factors' gradients it will want.
  virtual nn::Weight probe(std::size_t which) = 0;
  /// What it does with these gradients, found by their full names ("conv1.weight.dK"; undefined
  /// where the loss does not depend on the weight) and multiplied by `scale` since.
  virtual void stage(std::size_t which, const std::map<std::string, at::Tensor>& gradients,
                     double scale) = 0;
  /// How many numbers it holds where the step begins.
  virtual std::int64_t numbers() const = 0;
  /// How many it may hold after the step where others keep theirs: one that has as many makes no
  /// step again to grow by. No bound unless told.
  virtual void allow(std::int64_t numbers) = 0;
  /// Whether it rejects what the stage led to and wants it made again, from the wider bases that it
  /// found, at the same weights.
  virtual bool again() const = 0;
  /// After the last stage: the ranks it would keep; nothing where none is found.
  virtual Budgeted ranks() = 0;
  /// How many numbers the weight has where it is dense.
  virtual std::int64_t dense_numbers() const = 0;
  /// The fewest ranks that it will be let down to once its bases have grown to them.
  virtual Budgeted least() const = 0;
  /// Whether the core as the stages so far left it holds numbers: one truth, on its device.
  virtual at::Tensor finite() const = 0;
  /// The weight cut to such ranks; adds what is worth a line to `observed`. `again`: bases are
  /// made orthonormal again.
  virtual nn::Weight finish(const Budgeted& ranks, bool again,
                            std::map<std::string, double>& observed) = 0;
};

/// All weights of a state that the method moves as a whole, at the start of a step. An Error where
/// there is none. `options` and `remembered` must outlive them.
std::vector<std::unique_ptr<Work>> works_of(const nn::State& state, const LowRankOptions& options,
                                            std::map<std::string, Remembered>& remembered,
                                            const StepAt& at);

}  // namespace ranklens::optim
