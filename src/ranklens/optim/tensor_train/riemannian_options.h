#pragma once

#include <string>
#include <vector>

#include "ranklens/base/spec.h"
#include "ranklens/optim/tensor_train/rank_rule.h"

namespace ranklens::optim {

/// What riemannian_cg says of a weight_decay.
inline constexpr const char* kNoDecayInSearch =
    "riemannian_cg takes no weight_decay: its search lowers the loss, "
    "which a decay beside it would raise";

/// How tensor trains move on the manifold of their ranks.
struct RiemannianOptions {
  enum class Method { sgd, cg, adam };
  Method method = Method::adam;
  /// Of trains and of all other tensors. Of cg the first step that a line search tries.
  double lr = 1e-3;
  /// Of cg: the longest step it tries, by the schedule's factor at every step as lr is elsewhere;
  /// 0: twice the last one. Steps that suit small batches grow too long for others (Vaswani et al.
  /// 2019, section 5, bound them alike).
  double longest = 0;
  double momentum = 0;  ///< of sgd
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
  /// As of the other tensors: with sgd weight_decay * X is part of the gradient, which momentum
  /// sums; with adam X <- (1 - rate * weight_decay) X beside the step. Not of cg.
  double weight_decay = 0;
  TrainRanks ranks = {};
};

/// "riemannian_sgd", "riemannian_cg", "riemannian_adam".
const std::vector<std::string>& riemannian_methods();
RiemannianOptions read_riemannian_options(base::SpecReader& spec);
std::string spec_of(const RiemannianOptions& options);

}  // namespace ranklens::optim
