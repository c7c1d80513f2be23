#include "ranklens/tn/born/born.h"

#include <cmath>
#include <limits>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/full.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/train/algebra.h"

namespace ranklens::tn {
namespace {

void check_real(const TensorTrain& train) {
  check(train);
  base::require(!train.cores[0].is_complex(), "a Born machine is a real tensor train here");
}

// [batch, r] times the core of site k under its features: [batch, r'].
at::Tensor absorbed(const at::Tensor& state, const at::Tensor& core, const at::Tensor& feature) {
  const auto grown = at::matmul(state, core.reshape({core.size(0), -1}))
                         .view({state.size(0), core.size(1), core.size(2)});
  return at::bmm(feature.unsqueeze(1), grown).squeeze(1);
}

// What the sites behind each bond leave of psi^2: [batch, r, r] at bond k, of size one.
std::vector<at::Tensor> environments_behind(const TensorTrain& train, const at::Tensor& given) {
  const auto sites = train.cores.size();
  const auto batch = given.size(0);
  std::vector<at::Tensor> behind(sites + 1);
  behind[sites] = at::ones({batch, 1, 1}, train.cores[0].options());
  for (auto k = sites; k-- > 0;) {
    const auto& core = train.cores[k];
    const auto here = given.select(1, static_cast<std::int64_t>(k));
    // [batch, d, r, r]: of every value of the site.
    const auto right = at::matmul(core.permute({1, 0, 2}).unsqueeze(0), behind[k + 1].unsqueeze(1));
    const auto each = at::matmul(right, core.permute({1, 2, 0}).unsqueeze(0));
    const auto known = at::one_hot(here.clamp_min(0), core.size(1)).to(core.scalar_type());
    const auto weights = at::where((here < 0).unsqueeze(1), at::ones_like(known), known);
    const auto sum = (each * weights.unsqueeze(-1).unsqueeze(-1)).sum(1);
    const auto size = sum.diagonal(0, 1, 2).sum(-1).clamp_min(1e-300);
    behind[k] = sum / size.view({-1, 1, 1});
  }
  return behind;
}

// One value a row, by the weights [batch, d] (not below zero).
at::Tensor drawn(const at::Tensor& weights, base::Stream& stream) {
  const auto sums = weights.cumsum(1);
  const auto total = sums.select(1, sums.size(1) - 1).unsqueeze(1);
  const auto at_place =
      stream.uniform({weights.size(0), 1}, 0, 1, at::kDouble).to(weights.device());
  return (sums <= at_place * total).sum(1).clamp_max(weights.size(1) - 1);
}

}  // namespace

Amplitudes amplitudes(const TensorTrain& train, const at::Tensor& features) {
  check_real(train);
  const auto sites = static_cast<std::int64_t>(train.cores.size());
  base::require(features.dim() == 3 && features.size(1) == sites,
                "features of {} sites are needed, [batch, sites, d]", sites);
  auto state = at::ones({features.size(0), 1}, train.cores[0].options());
  auto logs = at::zeros({features.size(0)}, state.options().dtype(at::kDouble));
  for (std::int64_t k = 0; k < sites; ++k) {
    const auto& core = train.cores[static_cast<std::size_t>(k)];
    base::require(features.size(2) == core.size(1), "site {} has {} values, the features {}", k,
                  core.size(1), features.size(2));
    state = absorbed(state, core, features.select(1, k).to(core.scalar_type()));
    const auto size = state.abs().amax(1);
    const auto safe = at::where(size > 0, size, at::ones_like(size));
    state = state / safe.unsqueeze(1);
    logs = logs + safe.to(at::kDouble).log();
  }
  const auto last = state.squeeze(1).to(at::kDouble);
  return {last.sign(), logs + last.abs().log() + train.log_scale};
}

double log_norm_squared(const TensorTrain& train) { return 2 * log_norm(train); }

at::Tensor log_probabilities(const TensorTrain& train, const at::Tensor& features) {
  return 2 * amplitudes(train, features).log_abs - log_norm_squared(train);
}

double negative_log_likelihood(const TensorTrain& train, const at::Tensor& features) {
  return -log_probabilities(train, features).mean().item<double>();
}

at::Tensor basis_features(const at::Tensor& indices, std::int64_t d, at::ScalarType type) {
  return at::one_hot(indices, d).to(type);
}

at::Tensor sample(const TensorTrain& train, std::int64_t count, base::Stream& stream) {
  base::require(count >= 1, "at least 1 sample is drawn, not {}", count);
  const auto sites = static_cast<std::int64_t>(train.cores.size());
  return complete(train, at::full({count, sites}, -1, at::kLong), stream);
}

at::Tensor complete(const TensorTrain& train, const at::Tensor& given, base::Stream& stream) {
  check_real(train);
  const auto sites = static_cast<std::int64_t>(train.cores.size());
  base::require(given.dim() == 2 && given.size(1) == sites && given.scalar_type() == at::kLong,
                "what is given is [batch, {}] of whole numbers, below zero where unknown", sites);
  TensorTrain wide = train;
  for (auto& core : wide.cores) core = core.to(at::kDouble);
  for (std::int64_t k = 0; k < sites; ++k) {
    const auto values = wide.cores[static_cast<std::size_t>(k)].size(1);
    base::require(given.select(1, k).lt(values).all().item<bool>(),
                  "site {} has {} values, 0 to {}", k, values, values - 1);
  }
  const auto behind = environments_behind(wide, given);
  auto found = given.clone();
  auto state = at::ones({given.size(0), 1}, wide.cores[0].options());
  for (std::int64_t k = 0; k < sites; ++k) {
    const auto at_site = static_cast<std::size_t>(k);
    const auto& core = wide.cores[at_site];
    base::require(given.select(1, k).lt(core.size(1)).all().item<bool>(), "site {} has {} values",
                  k, core.size(1));
    // [batch, d, r']: the state with every value, and what each weighs.
    const auto grown =
        at::matmul(state, core.reshape({core.size(0), -1})).view({-1, core.size(1), core.size(2)});
    const auto weights = (at::matmul(grown, behind[at_site + 1]) * grown).sum(2).clamp_min(0);
    const auto here = given.select(1, k);
    const auto value = at::where(here < 0, drawn(weights, stream), here);
    found.select(1, k).copy_(value);
    const auto chosen = weights.gather(1, value.unsqueeze(1)).squeeze(1);
    base::require(chosen.gt(0).all().item<bool>(), "what is given has probability zero");
    const auto index = value.view({-1, 1, 1}).expand({-1, 1, core.size(2)});
    state = grown.gather(1, index).squeeze(1);
    state = state / state.norm(2, at::IntArrayRef{1}, true).clamp_min(1e-300);
  }
  return found;
}

}  // namespace ranklens::tn
