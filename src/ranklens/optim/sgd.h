#pragma once

#include "ranklens/base/spec.h"
#include "ranklens/optim/optimiser.h"

namespace ranklens::optim {

struct SgdOptions {
  double lr = 0.1;
  double momentum = 0;
  double dampening = 0;
  double weight_decay = 0;  ///< added to the gradient
  bool nesterov = false;
};

/// Stochastic gradient descent with momentum, as PyTorch writes it (Sutskever et al. 2013 with the
/// rate outside): b <- momentum b + (1 - dampening) g, where the first b is g itself; then
/// w <- w - lr b, or w - lr (g + momentum b) with Nesterov's momentum.
class Sgd final : public GradientOptimiser {
 public:
  explicit Sgd(SgdOptions options = {});
  void update(const std::vector<nn::NamedTensor>& tensors, const std::vector<at::Tensor>& gradients,
              double rate = 1) override;
  std::string spec() const override;

 private:
  SgdOptions options_;
};

SgdOptions read_sgd_options(base::SpecReader& spec);

}  // namespace ranklens::optim
