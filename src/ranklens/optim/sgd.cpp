#include "ranklens/optim/sgd.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_fused_sgd.h>
#include <fmt/format.h>

#include "ranklens/base/error.h"

namespace ranklens::optim {

Sgd::Sgd(SgdOptions options)
    : GradientOptimiser(options.momentum > 0 ? std::vector<std::string>{"momentum"}
                                             : std::vector<std::string>{}),
      options_(options) {
  base::require(options.lr > 0 && options.momentum >= 0 && options.weight_decay >= 0,
                "SGD needs lr > 0, momentum >= 0 and weight_decay >= 0");
  base::require(!options.nesterov || (options.momentum > 0 && options.dampening == 0),
                "Nesterov's momentum needs momentum > 0 and dampening 0");
}

void Sgd::update(const std::vector<nn::NamedTensor>& tensors,
                 const std::vector<at::Tensor>& gradients, double rate) {
  const at::NoGradGuard no_gradients;
  for (Group& group : make_groups(memory_, tensors, gradients)) {
    const auto buffers = options_.momentum > 0 ? group.quantity(0) : std::vector<at::Tensor>{};
    at::_fused_sgd_(group.tensors, group.gradients, buffers, options_.weight_decay,
                    options_.momentum, options_.lr * rate, options_.dampening, options_.nesterov,
                    /*maximize=*/false, /*is_first_step=*/group.steps == 0);
  }
}

std::string Sgd::spec() const {
  return fmt::format("sgd(lr={},momentum={},dampening={},weight_decay={},nesterov={})", options_.lr,
                     options_.momentum, options_.dampening, options_.weight_decay,
                     options_.nesterov);
}

SgdOptions read_sgd_options(base::SpecReader& spec) {
  SgdOptions options;
  options.lr = spec.number("lr", options.lr, 1e-12, 1e6);
  options.momentum = spec.number("momentum", options.momentum, 0, 1);
  options.dampening = spec.number("dampening", options.dampening, 0, 1);
  options.weight_decay = spec.number("weight_decay", options.weight_decay, 0, 1e6);
  options.nesterov = spec.flag("nesterov", options.nesterov);
  return options;
}

}  // namespace ranklens::optim
