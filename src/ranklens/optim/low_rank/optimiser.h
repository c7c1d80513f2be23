#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ranklens/optim/low_rank/layers.h"
#include "ranklens/optim/low_rank/options.h"
#include "ranklens/optim/low_rank/work.h"
#include "ranklens/optim/optimiser.h"
#include "ranklens/optim/other_tensors.h"

namespace ranklens::optim {

/// Dynamical low-rank training: the weights U S V^T of a network, and its convolutions in Tucker-2
/// form, are integrated along the loss's gradient flow with their ranks found on the way
/// (Schotthöfer, Zangrando, Kusch, Ceruti, Tudisco 2022; Zangrando, Schotthöfer, Ceruti, Kusch,
/// Tudisco 2023; the methods' own sources stand at integrator.h and tucker_integrator.h). All other
/// tensors move by Adam or SGD of the same rule. All gradients of a weight come from one backward
/// pass; every evaluation within a step sees the same batch and dropout masks. Where
/// gradients are clipped, all evaluations of a step are by the factor of the first that counts
/// lengths (of `augmented_bug` with moments=entry the second: its first finds spans alone), other
/// tensors by that of their own evaluation where it is smaller, and each core step of `bug` by its
/// own.
class LowRankOptimiser final : public Optimiser {
 public:
  explicit LowRankOptimiser(LowRankOptions options);

  double step(nn::State& state, Objective& objective, double rate = 1) override;
  std::string spec() const override { return spec_of(options_); }
  std::map<std::string, at::Tensor> save() const override;
  void load(const std::map<std::string, at::Tensor>& saved) override;
  /// With the cores of matrices absorbed: what is evaluated, explained and stored.
  nn::State finished(const nn::State& state) const override { return absorbed(state); }
  /// "rank/NAME" (of a kernel in Tucker form "rank/NAME.out" and "rank/NAME.in"), "params/NAME"
  /// (the numbers that a file holds of it), "cut/NAME" (share of the norm that the last truncation
  /// took), "drift/NAME" (orthogonality); with `reject`, "rejected/NAME" (how often the step was
  /// made again).
  std::map<std::string, double> observed() const override { return observed_; }

 private:
  using Works = std::vector<std::unique_ptr<Work>>;

  Works begin(const nn::State& state, double size);
  /// A loss, and other tensors with the gradients by which they are still to be moved.
  struct Evaluated {
    double loss = 0;
    OtherTensors others = {};
  };
  /// All evaluations, those that weights ask for again included; the loss of the first, or the
  /// first that is not finite. Other tensors are not yet moved by the last of them.
  Evaluated stages(Works& works, nn::State& state, Objective& objective, double rate);
  /// One evaluation and what all weights in factors do with it. `scale` is what clipping multiplied
  /// the gradients of the same step by, none before the first.
  Evaluated stage(std::size_t which, Works& works, const nn::State& state, Objective& objective,
                  std::optional<double>& scale);
  /// What all weights may hold after a step, counted from 1.
  std::int64_t budget_after(const Works& works, std::int64_t step) const;
  void end(Works& works, nn::State& state);
  bool moves_dense(std::size_t which) const;

  LowRankOptions options_;
  std::size_t stages_;  ///< evaluations a step
  std::unique_ptr<GradientOptimiser> dense_;
  std::map<std::string, Remembered> remembered_;
  std::map<std::string, double> observed_;
  std::int64_t steps_ = 0;
};

}  // namespace ranklens::optim
