#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ranklens/optim/low_rank/integrator.h"
#include "ranklens/optim/low_rank/layers.h"
#include "ranklens/optim/low_rank/options.h"
#include "ranklens/optim/low_rank/probe.h"
#include "ranklens/optim/low_rank/tangent_moments.h"
#include "ranklens/optim/optimiser.h"

namespace ranklens::optim {

/// Dynamical low-rank training: the weights U S V^T of a network are integrated along the loss's
/// gradient flow with their ranks found on the way (Schotthöfer, Zangrando, Kusch, Ceruti, Tudisco
/// 2022; the methods' own sources stand at integrator.h). All other tensors move by Adam or SGD of
/// the same rule. K-, L- and S-gradients come from one backward pass; every evaluation within a
/// step sees the same batch and dropout masks.
class LowRankOptimiser final : public Optimiser {
 public:
  explicit LowRankOptimiser(LowRankOptions options);

  double step(nn::State& state, Objective& objective, double rate = 1) override;
  std::string spec() const override { return spec_of(options_); }
  std::map<std::string, at::Tensor> save() const override;
  void load(const std::map<std::string, at::Tensor>& saved) override;
  /// With the cores absorbed: what is evaluated, explained and stored.
  nn::State finished(const nn::State& state) const override { return absorbed(state); }
  /// "rank/NAME", "cut/NAME" (share of the norm that the last truncation took), "drift/NAME"
  /// (orthogonality).
  std::map<std::string, double> observed() const override { return observed_; }

 private:
  struct Work {
    LowRankLayer layer;
    Step step;
    std::shared_ptr<Uses> uses = {};
  };
  struct Remembered {
    CoreMoments core;
    TangentMoments tangent;
  };

  std::vector<Work> begin(nn::State& state, double size);
  /// One evaluation and what all weights do with it; the loss.
  double stage(std::size_t which, std::vector<Work>& work, nn::State& state, Objective& objective,
               double rate);
  Gradient directed(const Work& work, const Gradient& gradient);
  void end(std::vector<Work>& work, nn::State& state);
  std::int64_t rank_after(const Work& work, const at::Tensor& values) const;
  bool moves_dense(std::size_t which) const;

  LowRankOptions options_;
  Integrator integrator_;
  std::unique_ptr<GradientOptimiser> dense_;
  std::map<std::string, Remembered> remembered_;
  std::map<std::string, double> observed_;
  std::int64_t steps_ = 0;
};

}  // namespace ranklens::optim
