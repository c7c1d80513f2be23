#include "ranklens/tn/born/born.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/unique_dim.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/train/algebra.h"
#include "ranklens/tn/train/sweep.h"

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

// What the environments that are held at once may take, and again their copies for samples.
constexpr std::int64_t kBytesBehind = std::int64_t{1} << 26;

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

// How many times so many numbers of double precision there is room for, at least once.
std::int64_t times_held(std::int64_t numbers) {
  return std::max<std::int64_t>(1, kBytesBehind / (numbers * 8));
}

// For how many rows of what is given environments are held at once.
std::int64_t rows_held(const TensorTrain& train) {
  std::int64_t numbers = 0;
  for (const auto& core : train.cores) numbers += core.size(0) * core.size(0);
  return times_held(numbers);
}

// grown [batch, d, r] squared under the environment [r, r] that row which[i] of `behind` is for
// sample i: what each value weighs, [batch, d].
at::Tensor weighed(const at::Tensor& grown, const at::Tensor& behind, const at::Tensor& which) {
  if (behind.size(0) == 1) return (at::matmul(grown, behind.squeeze(0)) * grown).sum(2);
  std::vector<at::Tensor> parts;
  const auto batch = grown.size(0), most = times_held(behind[0].numel());
  for (std::int64_t row = 0; row < batch; row += most) {
    const auto rows = std::min(most, batch - row);
    const auto part = grown.narrow(0, row, rows);
    const auto own = behind.index_select(0, which.narrow(0, row, rows));
    parts.push_back((at::bmm(part, own) * part).sum(2));
  }
  return at::cat(parts);
}

// One value a row, by the weights [batch, d] (not below zero) and places [batch] in [0, 1).
at::Tensor drawn(const at::Tensor& weights, const at::Tensor& places) {
  const auto sums = weights.cumsum(1);
  const auto total = sums.select(1, sums.size(1) - 1).unsqueeze(1);
  return (sums <= places.unsqueeze(1) * total).sum(1).clamp_max(weights.size(1) - 1);
}

// `given` with what is not known drawn, site by site, by `places` [sites, batch]. weigh(k, grown)
// says what every value of site k weighs [batch, d], of the state with each of them [batch, d, r].
template <class Weigh>
at::Tensor walked(const TensorTrain& train, const at::Tensor& given, const at::Tensor& places,
                  const Weigh& weigh) {
  const auto found = at::empty(given.sizes(), given.options());
  auto state = at::ones({given.size(0), 1}, train.cores[0].options());
  for (std::size_t k = 0; k < train.cores.size(); ++k) {
    const auto& core = train.cores[k];
    const auto site = static_cast<std::int64_t>(k);
    const auto grown =
        at::matmul(state, core.reshape({core.size(0), -1})).view({-1, core.size(1), core.size(2)});
    const auto weights = weigh(k, grown);
    const auto here = given.select(1, site);
    const auto value = at::where(here < 0, drawn(weights, places.select(0, site)), here);
    found.select(1, site).copy_(value);
    const auto chosen = weights.gather(1, value.unsqueeze(1));
    base::require(chosen.gt(0).all().template item<bool>(), "what is given has probability zero");
    const auto index = value.view({-1, 1, 1}).expand({-1, 1, core.size(2)});
    state = grown.gather(1, index).squeeze(1);
    state = state / state.norm(2, at::IntArrayRef{1}, true).clamp_min(1e-300);
  }
  return found;
}

TensorTrain in_double(TensorTrain train) {
  check_real(train);
  for (auto& core : train.cores) core = core.to(at::kDouble);
  return train;
}

// In the order in which they are drawn, on the train's device: [sites, batch].
at::Tensor places_for(const TensorTrain& train, std::int64_t batch, base::Stream& stream) {
  const auto sites = static_cast<std::int64_t>(train.cores.size());
  return stream.uniform({sites, batch}, 0, 1, at::kDouble).to(train.cores[0].device());
}

void check_given(const TensorTrain& train, const at::Tensor& given) {
  const auto sites = static_cast<std::int64_t>(train.cores.size());
  base::require(given.dim() == 2 && given.size(1) == sites && given.scalar_type() == at::kLong,
                "what is given is [batch, {}] of whole numbers, below zero where unknown", sites);
  for (std::int64_t k = 0; k < sites; ++k) {
    const auto values = train.cores[static_cast<std::size_t>(k)].size(1);
    base::require(given.select(1, k).lt(values).all().item<bool>(),
                  "site {} has {} values, 0 to {}", k, values, values - 1);
  }
}

}  // namespace

Amplitudes amplitudes(const TensorTrain& train, const at::Tensor& features) {
  check_real(train);
  const auto sites = static_cast<std::int64_t>(train.cores.size());
  base::require(features.dim() == 3 && features.size(1) == sites,
                "features of {} sites are needed, [batch, sites, d]", sites);
  auto state = at::ones({features.size(0), 1}, train.cores[0].options());
  auto logs = at::zeros({features.size(0)}, state.options().dtype(at::kDouble));
  const auto here = features.to(state.device());
  for (std::int64_t k = 0; k < sites; ++k) {
    const auto& core = train.cores[static_cast<std::size_t>(k)];
    base::require(features.size(2) == core.size(1), "site {} has {} values, the features {}", k,
                  core.size(1), features.size(2));
    state = absorbed(state, core, here.select(1, k).to(core.scalar_type()));
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
  const at::NoGradGuard no_gradients;
  auto wide = in_double(train);
  wide.centre = -1;  // a train that is orthogonal to a narrower type's precision is not to double's
  wide = canonical(wide, 0);
  // With its centre in front, the sites behind a bond leave of psi^2 the identity there.
  const auto weigh = [](std::size_t, const at::Tensor& grown) { return grown.square().sum(2); };
  const auto unknown = at::full({1, 1}, -1, wide.cores[0].options().dtype(at::kLong));
  const auto sites = static_cast<std::int64_t>(wide.cores.size());
  return walked(wide, unknown.expand({count, sites}), places_for(wide, count, stream), weigh);
}

at::Tensor complete(const TensorTrain& train, const at::Tensor& given, base::Stream& stream) {
  const at::NoGradGuard no_gradients;
  const auto wide = in_double(train);
  check_given(wide, given);
  const auto here = given.to(wide.cores[0].device());
  const auto places = places_for(wide, here.size(0), stream);
  // Rows that are given the same have the same environments, which weigh more than the rows.
  const auto [distinct, row_of, counts] = at::unique_dim(here, 0, true, true);
  auto found = at::empty_like(here);
  const auto most = rows_held(wide);
  for (std::int64_t first = 0; first < distinct.size(0); first += most) {
    const auto rows = std::min(most, distinct.size(0) - first);
    const auto behind = environments_behind(wide, distinct.narrow(0, first, rows));
    const auto samples = (row_of >= first).logical_and(row_of < first + rows).nonzero().squeeze(1);
    const auto which = row_of.index_select(0, samples) - first;
    const auto weigh = [&](std::size_t k, const at::Tensor& grown) {
      return weighed(grown, behind[k + 1], which).clamp_min(0);
    };
    found.index_copy_(
        0, samples,
        walked(wide, here.index_select(0, samples), places.index_select(1, samples), weigh));
  }
  return found;
}

}  // namespace ranklens::tn
