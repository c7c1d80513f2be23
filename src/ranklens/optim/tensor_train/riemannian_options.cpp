#include "ranklens/optim/tensor_train/riemannian_options.h"

#include <fmt/format.h>

namespace ranklens::optim {

namespace {

using RiemannianMethod = RiemannianOptions::Method;

}  // namespace

const std::vector<std::string>& riemannian_methods() {
  static const std::vector<std::string> names{"riemannian_sgd", "riemannian_cg", "riemannian_adam"};
  return names;
}

RiemannianOptions read_riemannian_options(base::SpecReader& spec) {
  RiemannianOptions o;
  if (spec.name() == "riemannian_sgd") o.method = RiemannianMethod::sgd;
  if (spec.name() == "riemannian_cg") o.method = RiemannianMethod::cg;
  o.lr = spec.number("lr", o.lr, 1e-12, 1e6);
  if (o.method == RiemannianMethod::cg) {
    spec.refuse("weight_decay", kNoDecayInSearch);
  } else {
    o.weight_decay = spec.number("weight_decay", o.weight_decay, 0, 1e6);
  }
  o.ranks = read_train_ranks(spec);
  if (o.method == RiemannianMethod::sgd) o.momentum = spec.number("momentum", o.momentum, 0, 1);
  if (o.method == RiemannianMethod::cg) o.longest = spec.number("longest", o.longest, 0, 1e6);
  if (o.method != RiemannianMethod::adam) return o;
  o.beta1 = spec.number("beta1", o.beta1, 0, 1 - 1e-12);
  o.beta2 = spec.number("beta2", o.beta2, 0, 1 - 1e-12);
  o.eps = spec.number("eps", o.eps, 0, 1);
  return o;
}

std::string spec_of(const RiemannianOptions& o) {
  const auto& name = riemannian_methods().at(static_cast<std::size_t>(o.method));
  std::string text = fmt::format("{}(lr={}", name, o.lr);
  if (o.method != RiemannianMethod::cg) text += fmt::format(",weight_decay={}", o.weight_decay);
  if (o.method == RiemannianMethod::sgd) text += fmt::format(",momentum={}", o.momentum);
  if (o.method == RiemannianMethod::cg && o.longest > 0)
    text += fmt::format(",longest={}", o.longest);
  if (o.method == RiemannianMethod::adam) {
    text += fmt::format(",beta1={},beta2={},eps={}", o.beta1, o.beta2, o.eps);
  }
  return text + spec_text(o.ranks) + ")";
}

}  // namespace ranklens::optim
