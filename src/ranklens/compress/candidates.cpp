#include "ranklens/compress/candidates.h"

#include <algorithm>
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_svdvals.h>
#include <ATen/ops/matmul.h>

#include "ranklens/compress/measure.h"
#include "ranklens/compress/rank_path.h"
#include "ranklens/compress/train_modes.h"
#include "ranklens/tn/linalg/factorise.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::compress {
namespace {

using nn::Shape;
using nn::WeightSpec;

bool has_window(const at::Tensor& dense) {
  return dense.dim() == 4 && dense.size(2) * dense.size(3) > 1;
}

void add_low_ranks(const at::Tensor& dense, std::vector<Candidate>& found) {
  const auto matrix = dense.reshape({dense.size(0), -1}).to(at::kDouble);
  const auto values = at::linalg_svdvals(matrix).contiguous();
  const auto* s = values.const_data_ptr<double>();
  double all = 0, kept = 0;
  for (std::int64_t k = 0; k < values.numel(); ++k) all += s[k] * s[k];
  for (std::int64_t rank = 1; rank <= values.numel(); ++rank) {
    kept += s[rank - 1] * s[rank - 1];
    const auto numbers = rank * (matrix.size(0) + matrix.size(1));
    if (numbers >= dense.numel()) return;
    WeightSpec spec{
        .format = WeightSpec::Format::low_rank, .out = {}, .in = {}, .ranks = {rank}, .eps = {}};
    found.push_back({std::move(spec), numbers, all > 0 ? std::max(0.0, 1 - kept / all) : 0});
  }
}

void add_tuckers(const at::Tensor& dense, std::vector<Candidate>& found) {
  constexpr int steps = 32;
  const auto channels = dense.reshape({dense.size(0), dense.size(1), -1}).to(at::kDouble);
  const auto outputs = tn::factorise(channels.reshape({channels.size(0), -1})).u;
  const auto inputs = tn::factorise(channels.transpose(0, 1).reshape({channels.size(1), -1})).u;
  // The core of the HOSVD: its corner [p, q] is what those ranks keep.
  const auto core = at::matmul(inputs.t(), at::matmul(outputs.t(), channels.flatten(1))
                                               .reshape({-1, channels.size(1), channels.size(2)}));
  const auto energy = core.square().sum(2);
  const double all = energy.sum().item<double>();
  const auto cumulated = energy.cumsum(0).cumsum(1).contiguous();
  const auto p_most = cumulated.size(0), q_most = cumulated.size(1), window = channels.size(2);
  const auto* sums = cumulated.const_data_ptr<double>();
  for (int step = 1; step < steps; ++step) {
    const auto p = std::max<std::int64_t>(1, p_most * step / steps),
               q = std::max<std::int64_t>(1, q_most * step / steps);
    const auto numbers = dense.size(0) * p + dense.size(1) * q + p * q * window;
    if (numbers >= dense.numel()) return;
    WeightSpec spec{
        .format = WeightSpec::Format::tucker, .out = {}, .in = {}, .ranks = {p, q}, .eps = {}};
    const double kept = sums[(p - 1) * q_most + q - 1];
    found.push_back({std::move(spec), numbers, all > 0 ? std::max(0.0, 1 - kept / all) : 0});
  }
}

/// The least error, of those computed, of what takes at most so many numbers.
double least_within(const std::vector<Candidate>& found, std::int64_t numbers) {
  double least = std::numeric_limits<double>::infinity();
  for (const auto& candidate : found)
    if (!candidate.estimated && candidate.parameters <= numbers)
      least = std::min(least, candidate.squared_error);
  return least;
}

/// The singular values of what lies before and behind every bond.
std::vector<at::Tensor> spectra_of(const at::Tensor& modes) {
  std::vector<at::Tensor> spectra;
  std::int64_t rows = 1;
  for (std::int64_t k = 0; k + 1 < modes.dim(); ++k) {
    rows *= modes.size(k);
    spectra.push_back(at::linalg_svdvals(modes.reshape({rows, -1})));
  }
  return spectra;
}

void add_trains(const at::Tensor& dense, std::vector<Candidate>& found) {
  const auto shape = dense.sizes().vec();
  const auto modes = nn::with_modes({.format = WeightSpec::Format::tt}, shape);
  const auto with_ranks = [&](const Shape& ranks) {
    auto spec = modes;
    spec.ranks = ranks;
    return spec;
  };
  const auto numbers = [&](const Shape& ranks) {
    return nn::stored_numbers(with_ranks(ranks), shape);
  };
  const Tails tails(spectra_of(in_train_modes(dense.to(at::kDouble), modes)));
  auto ranks = tails.exact();
  for (auto next = dense.numel() - 1;;) {
    const auto taken = numbers(ranks);
    const bool last = std::all_of(ranks.begin(), ranks.end(), [](auto rank) { return rank == 1; });
    if (taken <= next || (last && taken < dense.numel())) {
      next = taken * 7 / 8;
      if (tails.most_behind(ranks) < least_within(found, taken))
        found.push_back({with_ranks(ranks), taken, tails.estimated_error(ranks), true});
    }
    if (last) return;
    ranks = lowered(ranks, tails, numbers);
  }
}

void add_cps(const at::Tensor& dense, double cheap, std::vector<Candidate>& found) {
  std::int64_t sum = 0;
  for (const auto size : dense.sizes()) sum += size;
  const auto exact = dense.to(at::kDouble);
  // Every unfolding of so many terms has at most that rank.
  const Tails tails(
      {at::linalg_svdvals(exact.flatten(1)), at::linalg_svdvals(exact.transpose(0, 1).flatten(1))});
  for (std::int64_t rank = 1; rank * sum < dense.numel();
       rank += std::max<std::int64_t>(1, rank / 2)) {
    WeightSpec spec{
        .format = WeightSpec::Format::cp, .out = {}, .in = {}, .ranks = {rank}, .eps = {}};
    const double least = tails.most_behind({rank, rank});
    found.push_back({std::move(spec), rank * sum, least, true, least});
    if (static_cast<double>(rank * dense.numel()) <= cheap) measure(dense, found, found.size() - 1);
  }
  estimate_terms(found);
}

}  // namespace

std::vector<Candidate> candidates_for(const at::Tensor& dense, double cheap) {
  std::vector<Candidate> found{{WeightSpec{}, dense.numel(), 0}};
  add_low_ranks(dense, found);
  if (has_window(dense)) add_tuckers(dense, found);
  if (tn::frobenius(dense) == 0) return found;  // a weight of zeros has no spectrum to cut
  add_trains(dense, found);
  if (has_window(dense)) add_cps(dense, cheap, found);
  return found;
}

}  // namespace ranklens::compress
