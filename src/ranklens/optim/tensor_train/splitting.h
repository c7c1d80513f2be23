#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ranklens/optim/optimiser.h"
#include "ranklens/optim/sgd.h"
#include "ranklens/optim/tensor_train/observed_trains.h"
#include "ranklens/tn/train/tensor_train.h"

namespace ranklens::optim {

/// A train on its way through one step of projector splitting (Lubich, Oseledets, Vandereycken
/// 2015, algorithm 1): from the first core to the last each one moves with all others held, and
/// what its factor to the right has moved by is taken back before the next core moves. First order
/// (Lie and Trotter). For increments D = A(t + h) - A(t) of a tensor that keeps the train's ranks,
/// the step ends in A(t + h) exactly, however small its singular values are (theorem 5.1).
class TrainSplitting {
 public:
  explicit TrainSplitting(const tn::TensorTrain& start);

  /// Every core has moved.
  bool done() const { return core_ == cores_.size(); }
  /// The train as it is now: left-orthogonal before core(), right-orthogonal behind it.
  const std::vector<at::Tensor>& cores() const { return cores_; }
  /// The core that the next increment is for.
  std::size_t core() const { return core_; }
  /// Takes D, or -lr times a gradient, contracted with all of cores() but core(): of its shape.
  void advance(const at::Tensor& increment);

 private:
  void move_core(const at::Tensor& increment);
  void move_back(const at::Tensor& increment);

  std::vector<at::Tensor> cores_;
  std::size_t core_ = 0;
  bool back_ = false;  ///< next comes the factor between core_ - 1 and core_, backward in time
  at::Tensor factor_, right_;  ///< that factor, and core_ without it
};

/// Projector splitting along minus the gradient, which is evaluated anew for every part of a step,
/// 2 d - 1 times for trains of d cores, as for matrices (the optimiser "psi", which this is for two
/// cores). One evaluation could not serve them all: each core needs the gradient contracted with
/// what the parts before it have turned, so a gradient held from the step's start would take d
/// passes, with trains of three times the ranks. All trains of a network go through their parts
/// together. Steps do not depend on the gauge of the cores; the parts that go back climb, so steps
/// must be small. Clipping scales all parts of a step as its first evaluation, which sees the
/// gradients of all tensors. Steps of matrix product states are in units of their norm, as the
/// Riemannian ones. All other tensors move by SGD of these options, of which lr and weight_decay
/// are the trains', too: tt_psi(lr=0.1,momentum=0,dampening=0,weight_decay=0,nesterov).
class SplittingOptimiser final : public Optimiser {
 public:
  explicit SplittingOptimiser(SgdOptions options = {});

  double step(nn::State& state, Objective& objective, double rate = 1) override;
  std::string spec() const override;
  std::map<std::string, at::Tensor> save() const override { return others_.save(); }
  void load(const std::map<std::string, at::Tensor>& saved) override { others_.load(saved); }
  /// As of ObservedTrains.
  std::map<std::string, double> observed() const override { return observed_.numbers(); }

 private:
  SgdOptions options_;
  Sgd others_;
  ObservedTrains observed_;
};

}  // namespace ranklens::optim
