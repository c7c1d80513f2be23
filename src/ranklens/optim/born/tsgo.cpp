#include "ranklens/optim/born/tsgo.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/born/born.h"
#include "ranklens/tn/linalg/factorise.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/train/sweep.h"

namespace ranklens::optim {
namespace {

// Rows brought to a size of one; what is zero stays.
at::Tensor of_size_one(const at::Tensor& rows) {
  const auto size = rows.abs().amax(at::IntArrayRef{1}, true);
  return rows / at::where(size > 0, size, at::ones_like(size));
}

// [samples, r d]: every row the product of its two.
at::Tensor products(const at::Tensor& a, const at::Tensor& b) {
  return (a.unsqueeze(2) * b.unsqueeze(1)).flatten(1);
}

}  // namespace

at::Tensor rotated(const at::Tensor& point, const at::Tensor& gradient, double angle) {
  const auto inside = (point * gradient).sum();
  const auto tangent = gradient - inside * point;
  const double length = tn::frobenius(tangent);
  if (!(length > 0)) return point;
  const auto moved = std::cos(angle) * point - (std::sin(angle) / length) * tangent;
  return moved / tn::frobenius(moved);
}

at::Tensor centre_gradient(const at::Tensor& core, const at::Tensor& before,
                           const at::Tensor& feature, const at::Tensor& behind) {
  const auto left = of_size_one(products(before, feature)), right = of_size_one(behind);
  const auto matrix = core.reshape({-1, core.size(2)});
  const auto psi = (at::matmul(left, matrix) * right).sum(1, /*keepdim=*/true);
  const double floor = 1e3 * tn::machine_epsilon(core.scalar_type());
  const auto safe = at::where(psi < 0, -psi.abs().clamp_min(floor), psi.abs().clamp_min(floor));
  const double share = 2.0 / static_cast<double>(left.size(0));
  const auto data = at::matmul(left.t(), right / safe).reshape(core.sizes());
  return 2 * core - share * data;
}

Tsgo::Tsgo(const tn::TensorTrain& start, at::Tensor features, const TsgoOptions& options)
    : features_(std::move(features)), options_(options), last_(0) {
  const at::NoGradGuard no_gradients;
  base::require(options.angle > 0 && options.angle < 1.5707963267948966,
                "a core is turned by an angle between 0 and 90 degrees, not by {} radians",
                options.angle);
  base::require(options.shrink > 0 && options.shrink <= 1 && options.least >= 0,
                "an angle shrinks by a factor in (0, 1]");
  last_ = tn::negative_log_likelihood(start, features_);
  auto centred = tn::canonical(start, 0);
  cores_ = centred.cores;
  const auto type = features_.scalar_type();
  for (auto& core : cores_) core = core.to(type);
  cores_.front() = cores_.front() / tn::frobenius(cores_.front());
  const auto one = at::ones({features_.size(0), 1}, features_.options());
  before_.assign(cores_.size(), one);
  behind_.assign(cores_.size(), one);
  for (auto site = cores_.size() - 1; site > 0; --site) carry_left(site);
}

at::Tensor Tsgo::feature(std::size_t site) const {
  return features_.select(1, static_cast<std::int64_t>(site));
}

void Tsgo::turn(std::size_t site) {
  const auto gradient = centre_gradient(cores_[site], before_[site], feature(site), behind_[site]);
  cores_[site] = rotated(cores_[site], gradient, options_.angle);
}

void Tsgo::carry_right(std::size_t site) {
  const auto& core = cores_[site];
  const auto found = tn::qr(core.reshape({-1, core.size(2)}));
  before_[site + 1] = of_size_one(at::matmul(products(before_[site], feature(site)), found.q));
  const auto& next = cores_[site + 1];
  cores_[site + 1] = at::matmul(found.r, next.reshape({next.size(0), -1}))
                         .reshape({found.r.size(0), next.size(1), next.size(2)});
  cores_[site] = found.q.reshape({core.size(0), core.size(1), -1});
}

void Tsgo::carry_left(std::size_t site) {
  const auto& core = cores_[site];
  const auto found = tn::qr(core.reshape({core.size(0), -1}).t());
  behind_[site - 1] = of_size_one(at::matmul(products(feature(site), behind_[site]), found.q));
  const auto& next = cores_[site - 1];
  cores_[site - 1] = at::matmul(next, found.r.t());
  cores_[site] = found.q.t().reshape({-1, core.size(1), core.size(2)});
}

double Tsgo::sweep() {
  const at::NoGradGuard no_gradients;
  const auto sites = cores_.size();
  for (std::size_t site = 0; site + 1 < sites; ++site) {
    turn(site);
    carry_right(site);
  }
  for (auto site = sites - 1; site > 0; --site) {
    turn(site);
    carry_left(site);
  }
  turn(0);
  const double loss = tn::negative_log_likelihood(state(), features_);
  if (!(loss <= last_)) options_.angle = std::max(options_.least, options_.angle * options_.shrink);
  last_ = loss;
  return loss;
}

tn::TensorTrain Tsgo::state() const { return {cores_, 0, 0}; }

}  // namespace ranklens::optim
