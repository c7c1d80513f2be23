#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ranklens/base/spec.h"
#include "ranklens/optim/optimiser.h"
#include "ranklens/optim/tensor_train/layers.h"
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
};

/// "riemannian_sgd", "riemannian_cg", "riemannian_adam".
const std::vector<std::string>& riemannian_methods();
RiemannianOptions read_riemannian_options(base::SpecReader& spec);
std::string spec_of(const RiemannianOptions& options);

/// Gradient methods on the manifold of tensor trains of fixed ranks (Steinlechner 2016; Novikov,
/// Rakhuba, Oseledets 2022), for weights of the formats "tt" and "tt_conv" and for matrix product
/// states: the gradient is projected onto the tangent space by differentiating the point in a form
/// of twice its ranks; steps are retracted by rounding; momentum is carried along by projection.
/// Adam's second moment is one number a train, the mean square of the projected gradient over the
/// dimensions of the manifold; cg takes Polak and Ribiere's factor, not below zero, and halves its
/// step until the loss falls as Armijo's rule asks. Steps do not depend on the gauge of the
/// cores. All other tensors move by Adam, or
/// by SGD with riemannian_sgd; with riemannian_cg down their gradients by the step of the search.
class RiemannianOptimiser final : public Optimiser {
 public:
  explicit RiemannianOptimiser(RiemannianOptions options);

  double step(nn::State& state, Objective& objective, double rate = 1) override;
  std::string spec() const override { return spec_of(options_); }
  std::map<std::string, at::Tensor> save() const override;
  void load(const std::map<std::string, at::Tensor>& saved) override;

 private:
  /// What is remembered of a train: a tangent vector as a train of ranks 2r, so that it can be
  /// moved to any other point; and numbers.
  struct Memory {
    tn::TensorTrain momentum, gradient;
    double second = 0, tried = 0;
    std::int64_t steps = 0;
  };
  struct Work {
    TrainLayer layer;
    tn::TangentSpace space;
    tn::Tangent gradient, direction;
  };

  std::vector<Work> begin(const nn::State& state) const;
  Gradients evaluate(const std::vector<Work>& work, const nn::State& state,
                     Objective& objective) const;
  tn::Tangent direction(const Work& work, Memory& memory) const;
  /// All that is no train, and its gradients.
  struct Others {
    std::vector<nn::NamedTensor> tensors;
    std::vector<at::Tensor> gradients;
  };
  /// The step of cg along which everything together lowers the loss enough; 0 where there is none.
  double searched(const std::vector<Work>& work, const Others& others, const nn::State& state,
                  Objective& objective, double loss, double first) const;
  void move(const Work& work, nn::State& state, double step, double factor = 1) const;
  static void load_quantity(Memory& memory, const std::string& quantity, const at::Tensor& tensor,
                            const std::string& full);

  RiemannianOptions options_;
  std::unique_ptr<GradientOptimiser> dense_;
  std::map<std::string, Memory> memories_;
};

}  // namespace ranklens::optim
