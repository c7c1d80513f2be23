#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ranklens/base/spec.h"
#include "ranklens/optim/optimiser.h"
#include "ranklens/optim/tensor_train/gradients.h"
#include "ranklens/optim/tensor_train/grow.h"
#include "ranklens/optim/tensor_train/layers.h"
#include "ranklens/optim/tensor_train/rank_rule.h"
#include "ranklens/optim/tensor_train/tangent_memory.h"
#include "ranklens/tn/manifold/tangent.h"

namespace ranklens::optim {

/// How tensor trains move on the manifold of their ranks.
struct RiemannianOptions {
  enum class Method { sgd, cg, adam };
  Method method = Method::adam;
  /// Of trains and of all other tensors. Of cg the first step that a line search tries.
  double lr = 1e-3;
  double momentum = 0;  ///< of sgd
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
  double weight_decay = 0;  ///< X <- (1 - rate * weight_decay) X
  TrainRanks ranks = {};
};

/// "riemannian_sgd", "riemannian_cg", "riemannian_adam".
const std::vector<std::string>& riemannian_methods();
RiemannianOptions read_riemannian_options(base::SpecReader& spec);
std::string spec_of(const RiemannianOptions& options);

/// Gradient methods on the manifold of tensor trains (Steinlechner 2016; Novikov, Rakhuba,
/// Oseledets 2022), for weights of the formats "tt" and "tt_conv" and for matrix product states:
/// the gradient is projected onto the tangent space by differentiating the point in a form of twice
/// its ranks; steps are retracted by rounding; momentum is carried along by projection. Adam's
/// second moment is one number a train, the mean square of the projected gradient over the
/// dimensions of the manifold; cg takes Polak and Ribiere's factor, not below zero, and halves its
/// step until the loss falls as Armijo's rule asks. Steps do not depend on the gauge of the cores.
/// All other tensors move by Adam, or by SGD with riemannian_sgd; with riemannian_cg down their
/// gradients by the step of the search.
///
/// Ranks stay, unless options.ranks say otherwise: then, every so many steps, a train is rounded,
/// and its step goes along the leading directions that the gradient has off the tangent space, too
/// (grow.h), which takes one evaluation more. Momentum keeps them, and outlives every change of
/// ranks.
class RiemannianOptimiser final : public Optimiser {
 public:
  explicit RiemannianOptimiser(RiemannianOptions options);

  double step(nn::State& state, Objective& objective, double rate = 1) override;
  std::string spec() const override { return spec_of(options_); }
  std::map<std::string, at::Tensor> save() const override;
  void load(const std::map<std::string, at::Tensor>& saved) override;
  /// Where ranks change: "rank/NAME.k" of the bond behind core k, and "cut/NAME", the share of the
  /// norm that the last rounding took.
  std::map<std::string, double> observed() const override { return observed_; }

 private:
  struct Work {
    TrainLayer layer = {};
    tn::TangentSpace space = {};
    double cut = -1;        ///< by the rounding before the step; negative: there was none
    tn::Shape gained = {};  ///< directions a bond gains in this step; empty: none does
    NormalPart normal = {};
    tn::Tangent gradient = {}, direction = {};
  };

  std::vector<Work> begin(const nn::State& state) const;
  /// The state with every train in the form whose blocks are to be differentiated.
  static nn::State probed(const std::vector<Work>& work, nn::State state);
  /// Both of a train's gradients, on its tangent space and off it. Returns the loss, or one that
  /// was not finite; `gradients` are left with those of all other tensors.
  double differentiate(std::vector<Work>& work, const nn::State& state, Objective& objective,
                       NamedGradients& gradients) const;
  double find_normal(std::vector<Work>& work, const nn::State& state, Objective& objective,
                     double scale) const;
  tn::Tangent direction(const Work& work, TangentMemory& memory) const;
  /// How much of the normal part goes into a direction: as much as of the gradient.
  double share_of_gradient() const;
  /// The step of cg along which everything together lowers the loss enough; 0 where there is none.
  double searched(const std::vector<Work>& work, const OtherTensors& others, const nn::State& state,
                  Objective& objective, double loss, double first) const;
  /// How far a train goes along its direction when the rule says `length`.
  double own_length(const Work& work, double length) const;
  tn::TensorTrain moved(const Work& work, double step) const;
  void move(const Work& work, nn::State& state, double step, double factor = 1) const;
  void observe(const std::vector<Work>& work, const nn::State& state);

  RiemannianOptions options_;
  std::unique_ptr<GradientOptimiser> dense_;
  std::map<std::string, TangentMemory> memories_;
  std::map<std::string, double> observed_;
};

}  // namespace ranklens::optim
