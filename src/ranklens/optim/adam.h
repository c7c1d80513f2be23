#pragma once

#include "ranklens/base/spec.h"
#include "ranklens/optim/optimiser.h"

namespace ranklens::optim {

struct AdamOptions {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0;
  /// Weight decay apart from the gradient (Loshchilov and Hutter 2019, algorithm 2), else added to
  /// it.
  bool decoupled = false;
  /// eps beside the uncorrected root, the paper's "epsilon hat" (Kingma and Ba 2015, end of section
  /// 2), as Keras has it; else beside the corrected one, as in the paper's algorithm 1 and PyTorch.
  bool eps_hat = false;

  /// What keras.optimizers.Adam() does.
  static AdamOptions keras() { return {.eps = 1e-7, .eps_hat = true}; }
};

/// Adam (Kingma and Ba 2015, algorithm 1).
class Adam final : public GradientOptimiser {
 public:
  explicit Adam(AdamOptions options = {});
  void update(const std::vector<nn::NamedTensor>& tensors, const std::vector<at::Tensor>& gradients,
              double rate = 1) override;
  std::string spec() const override;

 private:
  AdamOptions options_;
};

/// The options in a spec; `adamw` changes the defaults to decoupled decay by 0.01.
AdamOptions read_adam_options(base::SpecReader& spec, bool adamw = false);

}  // namespace ranklens::optim
