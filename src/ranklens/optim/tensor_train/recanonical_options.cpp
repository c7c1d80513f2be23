#include <fmt/format.h>

#include "ranklens/optim/tensor_train/recanonical.h"

namespace ranklens::optim {

RecanonicalOptions read_recanonical_options(base::SpecReader& spec) {
  RecanonicalOptions o;
  o.lr = spec.number("lr", o.lr, 1e-12, 1e6);
  o.every = spec.integer("every", o.every, 1, std::int64_t{1} << 40);
  o.beta1 = spec.number("beta1", o.beta1, 0, 1 - 1e-12);
  o.beta2 = spec.number("beta2", o.beta2, 0, 1 - 1e-12);
  o.eps = spec.number("eps", o.eps, 0, 1);
  return o;
}

std::string spec_of(const RecanonicalOptions& o) {
  return fmt::format("{}(lr={},every={},beta1={},beta2={},eps={})", kRecanonicalAdam, o.lr, o.every,
                     o.beta1, o.beta2, o.eps);
}

}  // namespace ranklens::optim
