#include "ranklens/optim/low_rank/core_moments.h"

#include <cmath>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/zeros_like.h>

#include "ranklens/base/error.h"
#include "ranklens/optim/low_rank/bases.h"

namespace ranklens::optim {
namespace {

/// Of a turned second moment, no less than this of the mean of all.
constexpr double kLeastOfMean = 0.1;

}  // namespace

at::Tensor CoreMoments::step(const CoreRule& rule, const at::Tensor& core,
                             const at::Tensor& gradient, double rate) {
  ++steps_;
  if (rule.kind == CoreRule::Kind::sgd) {
    const auto whole = rule.weight_decay > 0 ? gradient + rule.weight_decay * core : gradient;
    if (rule.momentum == 0) return core - rate * whole;
    moment_ = moment_.defined() ? rule.momentum * moment_ + whole : whole.clone();
    return core - rate * moment_;
  }
  const auto kept = core * (1 - rate * rule.weight_decay);
  const bool by_entry = rule.second == CoreRule::SecondMoment::entry;
  const auto square = by_entry ? gradient.square() : gradient.square().mean();
  if (!moment_.defined()) moment_ = at::zeros_like(gradient);
  if (!second_.defined()) second_ = at::zeros_like(square);
  moment_ = rule.beta1 * moment_ + (1 - rule.beta1) * gradient;
  second_ = rule.beta2 * second_ + (1 - rule.beta2) * square;
  const auto t = static_cast<double>(steps_);
  const auto mean = moment_ / (1 - std::pow(rule.beta1, t));
  const auto root = at::sqrt(second_ / (1 - std::pow(rule.beta2, t)));
  return kept - rate * (mean / (root + rule.eps));
}

bool CoreMoments::fits(const at::Tensor& core) const {
  return !moment_.defined() || moment_.sizes() == core.sizes();
}

void CoreMoments::widen(std::int64_t rows, std::int64_t columns) {
  if (moment_.defined()) moment_ = padded(moment_, rows, columns);
  if (second_.defined() && second_.dim() > 0) {
    // A new entry has seen no gradient: with zero it would make a huge first step.
    auto wide = at::empty_like(padded(second_, rows, columns));
    wide.copy_(second_.mean().expand({1}));
    wide.narrow(0, 0, second_.size(0)).narrow(1, 0, second_.size(1)).copy_(second_);
    second_ = std::move(wide);
  }
}

void CoreMoments::turn(const at::Tensor& left, const at::Tensor& right) {
  if (moment_.defined()) moment_ = contracted(moment_, left, right);
  if (second_.defined() && second_.dim() > 0) {
    second_ = contracted(at::sqrt(second_), left, right).square();
    // Turned roots change their signs and are nearly nothing in between, where a gradient as large
    // as ever would make a huge step.
    if (left.defined()) second_ = at::maximum(second_, kLeastOfMean * second_.mean());
  }
}

std::map<std::string, at::Tensor> CoreMoments::save() const {
  std::map<std::string, at::Tensor> saved;
  if (steps_ == 0) return saved;
  if (moment_.defined()) saved["moment"] = moment_;
  if (second_.defined()) saved["second"] = second_;
  saved["steps"] = at::scalar_tensor(steps_, at::kLong);
  return saved;
}

void CoreMoments::load(const std::map<std::string, at::Tensor>& saved) {
  *this = {};
  for (const auto& [name, tensor] : saved) {
    if (name == "moment") {
      moment_ = tensor;
    } else if (name == "second") {
      second_ = tensor;
    } else {
      base::require(name == "steps" && tensor.scalar_type() == at::kLong && tensor.numel() == 1,
                    "a core's moments have no quantity '{}'", name);
      steps_ = tensor.item<std::int64_t>();
    }
  }
}

}  // namespace ranklens::optim
