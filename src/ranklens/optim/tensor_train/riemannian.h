#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ranklens/optim/optimiser.h"
#include "ranklens/optim/tensor_train/observed_trains.h"
#include "ranklens/optim/tensor_train/riemannian_options.h"
#include "ranklens/optim/tensor_train/tangent_memory.h"
#include "ranklens/optim/tensor_train/tangent_work.h"

namespace ranklens::optim {

/// Gradient methods on the manifold of tensor trains (Steinlechner 2016; Novikov, Rakhuba,
/// Oseledets 2022), for weights of the formats "tt" and "tt_conv" and for matrix product states:
/// the gradient is projected onto the tangent space by differentiating the point in its two
/// orthogonal forms, or in a form of twice its ranks; steps are retracted by rounding; momentum is
/// carried along by projection. Adam's second moment is one number a train, the mean square of the
/// projected gradient over the dimensions of the manifold; cg takes Polak and Ribiere's factor, not
/// below zero, and halves its step until the loss falls as Armijo's rule asks. Steps do not depend
/// on the gauge of the cores. All other tensors move by Adam, or by SGD with riemannian_sgd; with
/// riemannian_cg down their gradients by the step of the search.
///
/// Steps of matrix product states are in units of their norm (TangentWork), so they do not depend
/// on their scale; those of other trains are those of the weight, as of a dense one.
///
/// Ranks stay, unless options.ranks say otherwise: then, every so many steps, a train is rounded,
/// and its step goes along the leading directions that the gradient has off the tangent space, too
/// (grow.h), which takes two evaluations more. Momentum keeps them, and outlives every change of
/// ranks. What the precision does not resolve goes in any case.
class RiemannianOptimiser final : public Optimiser {
 public:
  /// Error: weight_decay with cg, whose search knows of the loss alone.
  explicit RiemannianOptimiser(RiemannianOptions options);

  double step(nn::State& state, Objective& objective, double rate = 1) override;
  std::string spec() const override { return spec_of(options_); }
  std::map<std::string, at::Tensor> save() const override;
  void load(const std::map<std::string, at::Tensor>& saved) override;
  /// As of ObservedTrains; and where a train was rounded, "cut/NAME", the share of its norm that
  /// the last rounding took.
  std::map<std::string, double> observed() const override;

 private:
  std::vector<TangentWork> begin(const nn::State& state) const;
  /// The direction of every train, remembered.
  void choose_directions(std::vector<TangentWork>& work);
  void move(const TangentWork& work, nn::State& state, double step, double factor = 1) const;
  /// The step of cg along which everything together lowers the loss enough; 0 where there is none.
  double searched(const std::vector<TangentWork>& work, const OtherTensors& others,
                  const nn::State& state, Objective& objective, double loss, double first);
  void observe(const std::vector<TangentWork>& work, const nn::State& state);

  RiemannianOptions options_;
  std::unique_ptr<GradientOptimiser> dense_;
  std::map<std::string, TangentMemory> memories_;
  ObservedTrains observed_;
};

}  // namespace ranklens::optim
