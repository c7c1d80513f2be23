#include "ranklens/optim/dmrg/start.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_solve.h>
#include <ATen/ops/log.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/tensordot.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include "ranklens/base/error.h"
#include "ranklens/base/random.h"
#include "ranklens/tn/linalg/factorise.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::optim {
namespace {

/// Of the noise of all cores, beside the identity's ones.
constexpr double kNoise = 0.02;

/// Second and first moments of each site's features: [sites, d, d], [sites, d, 1], float64.
struct Moments {
  at::Tensor second, first;
};

Moments moments_of(const at::Tensor& features) {
  const auto samples = features.size(0), sites = features.size(1), d = features.size(2);
  const auto options = features.options().dtype(at::kDouble);
  Moments sums{at::zeros({sites, d, d}, options), at::zeros({sites, d, 1}, options)};
  constexpr std::int64_t part = 2048;
  for (std::int64_t from = 0; from < samples; from += part) {
    const auto rows = features.narrow(0, from, std::min(part, samples - from))
                          .to(at::kDouble)
                          .transpose(0, 1)
                          .contiguous();
    sums.second += at::matmul(rows.transpose(1, 2), rows);
    sums.first += rows.sum(1).unsqueeze(2);
  }
  return sums;
}

/// The mean over the samples of the logarithm of the vectors' product with all sites.
double mean_log(const at::Tensor& features, const at::Tensor& vectors) {
  double sum = 0;
  constexpr std::int64_t part = 2048;
  const auto samples = features.size(0);
  for (std::int64_t from = 0; from < samples; from += part) {
    const auto rows = features.narrow(0, from, std::min(part, samples - from)).to(at::kDouble);
    const auto factors = (rows * vectors).sum(2).abs().clamp_min(1e-300);
    sum += at::log(factors).sum().item<double>();
  }
  return sum / static_cast<double>(samples);
}

/// Divides a core by its norm, which goes to the scale.
void normalise(at::Tensor& core, double& log_scale) {
  const double norm = tn::frobenius(core);
  if (!(norm > 0)) return;
  core = core / norm;
  log_scale += std::log(norm);
}

}  // namespace

void check_features(const at::Tensor& features) {
  base::require(
      features.dim() == 3 && features.size(0) >= 1 && features.size(1) >= 2 &&
          features.size(2) >= 1 &&
          (features.scalar_type() == at::kFloat || features.scalar_type() == at::kDouble),
      "a matrix product state is trained on features [samples, sites, d] of at least two sites, "
      "float32 or float64");
}

at::Tensor constant_vectors(const at::Tensor& features) {
  check_features(features);
  const auto [second, first] = moments_of(features);
  const auto d = features.size(2);
  const auto one = at::ones({d, 1}, first.options());
  // The best multiple of (1, ..., 1), then what is to be added to it.
  const auto moved = at::matmul(second, one);
  const auto square = moved.sum(1, /*keepdim=*/true);
  const auto multiple = at::where(square > 0, first.sum(1, true) / square, at::ones_like(square));
  const auto trace = second.diagonal(0, 1, 2).sum(1).view({-1, 1, 1});
  // Directions that the data hardly have stay as they are.
  const auto damping = at::where(trace > 0, 1e-3 * trace, at::ones_like(trace));
  const auto damped = second + damping * at::eye(d, first.options());
  return (multiple * one + at::linalg_solve(damped, first - multiple * moved)).squeeze(2);
}

LabelledState start_state(const at::Tensor& features, std::int64_t classes, std::int64_t bond,
                          std::uint64_t seed) {
  check_features(features);
  base::require(classes >= 1 && bond >= 1, "a start needs a class and a bond of at least 1");
  base::Stream stream(seed, "init", "dmrg");
  const auto sites = features.size(1), d = features.size(2);
  const auto type = features.scalar_type();
  const auto vectors = constant_vectors(features);
  const auto noise = [&](at::IntArrayRef sizes, double size) {
    return size * stream.normal(sizes, 0, kNoise, type).to(features.device());
  };
  LabelledState state{.cores = {}, .log_scale = -mean_log(features, vectors)};
  for (std::int64_t k = 0; k < sites; ++k) {
    const auto left = k == 0 ? 1 : bond, right = k + 1 == sites ? 1 : bond;
    const auto vector = vectors[k];
    const double size = tn::frobenius(vector) / std::sqrt(static_cast<double>(d));
    state.cores.push_back(at::eye(left, right, features.options()).unsqueeze(1) *
                              vector.to(type).view({1, d, 1}) +
                          noise({left, d, right}, size));
  }
  state.centre = state.cores.size() / 2;
  auto& middle = state.cores[state.centre];
  const auto vector = vectors[static_cast<std::int64_t>(state.centre)];
  const double size = tn::frobenius(vector) / std::sqrt(static_cast<double>(d));
  const auto left = middle.size(0), right = middle.size(2);
  middle = middle.unsqueeze(2).expand({left, d, classes, right}) +
           noise({left, d, classes, right}, size);
  for (std::size_t site = 0; site < state.centre; ++site) {
    auto& core = state.cores[site];
    auto split = tn::qr(core.flatten(0, 1));
    core = split.q.reshape({core.size(0), d, -1}).contiguous();
    normalise(split.r, state.log_scale);
    auto& next = state.cores[site + 1];
    next = at::tensordot(split.r, next, {1}, {0});
  }
  for (auto site = state.cores.size() - 1; site > state.centre; --site) {
    auto& core = state.cores[site];
    const auto split = tn::qr(core.flatten(1).t());
    core = split.q.t().reshape({-1, d, core.size(2)}).contiguous();
    auto rest = split.r.t().contiguous();
    normalise(rest, state.log_scale);
    state.cores[site - 1] = at::matmul(state.cores[site - 1], rest);
  }
  normalise(state.cores[state.centre], state.log_scale);
  return state;
}

}  // namespace ranklens::optim
