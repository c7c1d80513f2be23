#include "ranklens/compress/allocate.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_svdvals.h>
#include <ATen/ops/matmul.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/linalg/factorise.h"

namespace ranklens::compress {
namespace {

using nn::Shape;
using nn::WeightSpec;

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

/// What is best at a price of loss per number.
const Candidate& at_price(const std::vector<Candidate>& weight, double price) {
  return *std::min_element(weight.begin(), weight.end(), [&](const auto& a, const auto& b) {
    const auto cost = [&](const Candidate& c) {
      return loss_of(c) + price * static_cast<double>(c.parameters);
    };
    return cost(a) < cost(b);
  });
}

std::int64_t total_at(const std::vector<std::vector<Candidate>>& weights, double price) {
  std::int64_t sum = 0;
  for (const auto& weight : weights) sum += at_price(weight, price).parameters;
  return sum;
}

std::int64_t total_of(const std::vector<Candidate>& chosen) {
  std::int64_t sum = 0;
  for (const auto& candidate : chosen) sum += candidate.parameters;
  return sum;
}

/// Spends numbers that are left, one weight at a time: each step is the one that lowers the loss
/// most for the numbers that it takes.
void spend(const std::vector<std::vector<Candidate>>& weights, std::int64_t left,
           std::vector<Candidate>& chosen) {
  while (true) {
    const Candidate* best = nullptr;
    std::size_t place = 0;
    double most = 0;
    for (std::size_t k = 0; k < weights.size(); ++k) {
      const auto& now = chosen[k];
      for (const auto& other : weights[k]) {
        const auto more = other.parameters - now.parameters;
        const double gain = loss_of(now) - loss_of(other);
        if (more > left || !(gain > 0)) continue;
        const double worth =
            more > 0 ? gain / static_cast<double>(more) : std::numeric_limits<double>::infinity();
        if (worth > most) most = worth, best = &other, place = k;
      }
    }
    if (!best) return;
    left -= best->parameters - chosen[place].parameters;
    chosen[place] = *best;
  }
}

}  // namespace

std::vector<Candidate> candidates_for(const at::Tensor& dense) {
  std::vector<Candidate> found{{WeightSpec{}, dense.numel(), 0}};
  add_low_ranks(dense, found);
  if (dense.dim() == 4 && dense.size(2) * dense.size(3) > 1) add_tuckers(dense, found);
  return found;
}

double loss_of(const Candidate& candidate) {
  constexpr double least_kept = 1e-12;  // keeps the loss of an empty weight finite
  return -std::log(std::max(least_kept, 1 - candidate.squared_error));
}

std::vector<Candidate> allocate(const std::vector<std::vector<Candidate>>& weights,
                                std::int64_t budget) {
  constexpr double highest = 1e6;  // more than any number can be worth
  base::require(total_at(weights, highest) <= budget,
                "even at rank 1 the layers keep {} numbers, more than the {} that the ratio leaves",
                total_at(weights, highest), budget);
  double low = 1e-18, high = highest;  // prices; the higher, the fewer numbers
  for (int step = 0; step < 200 && high / low > 1 + 1e-9; ++step) {
    const double middle = std::sqrt(low * high);
    (total_at(weights, middle) <= budget ? high : low) = middle;
  }
  std::vector<Candidate> chosen;
  for (const auto& weight : weights) chosen.push_back(at_price(weight, high));
  spend(weights, budget - total_of(chosen), chosen);
  return chosen;
}

}  // namespace ranklens::compress
