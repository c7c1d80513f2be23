#include "ranklens/optim/low_rank/budget.h"

#include <algorithm>
#include <utility>

#include "ranklens/base/error.h"

namespace ranklens::optim {
namespace {

// Of each mode, what a direction has of the weight's energy.
std::vector<std::vector<double>> shares_of(const Budgeted& weight) {
  std::vector<std::vector<double>> shares;
  for (const auto& mode : weight.modes) {
    const auto squares = mode.values.to(at::kCPU, at::kDouble).square();
    const auto each = (squares / squares.sum().clamp_min(1e-300)).contiguous();
    shares.emplace_back(each.const_data_ptr<double>(),
                        each.const_data_ptr<double>() + each.numel());
  }
  return shares;
}

// The numbers held where `rank` (mode) is the rank of each.
template <class Rank>
std::int64_t numbers_at(const Budgeted& weight, Rank&& rank) {
  if (weight.modes.empty()) return 0;  // its rank is not found
  std::int64_t factors = 0;
  for (const auto& mode : weight.modes) factors += rank(mode) * mode.per_rank;
  return factors + weight.per_pair * rank(weight.modes.front()) * rank(weight.modes.back());
}

std::int64_t least_of(const Budgeted& weight) {
  return numbers_at(weight, [](const auto& mode) { return std::min(mode.rank, mode.floor); });
}

std::int64_t saved_by(const Budgeted& weight, const Budgeted::Mode& less) {
  return numbers_of(weight) -
         numbers_at(weight, [&](const auto& mode) { return mode.rank - (&mode == &less ? 1 : 0); });
}

}  // namespace

std::int64_t numbers_of(const Budgeted& weight) {
  return numbers_at(weight, [](const auto& mode) { return mode.rank; });
}

void require_attainable(const std::vector<Budgeted>& weights, std::int64_t budget) {
  std::int64_t least = 0;
  for (const auto& one : weights) least += least_of(one);
  base::require(least <= budget,
                "the smallest ranks allowed hold {} numbers, more than the budget of {}", least,
                budget);
}

void fit_budget(std::vector<Budgeted>& weights, std::int64_t budget) {
  require_attainable(weights, budget);
  std::vector<std::vector<std::vector<double>>> shares;
  std::int64_t held = 0;
  for (const auto& one : weights) {
    shares.push_back(shares_of(one));
    held += numbers_of(one);
  }
  while (held > budget) {
    double smallest = 0;
    std::pair<std::size_t, std::size_t> next{weights.size(), 0};
    for (std::size_t k = 0; k < weights.size(); ++k) {
      for (std::size_t m = 0; m < weights[k].modes.size(); ++m) {
        const auto& mode = weights[k].modes[m];
        if (mode.rank <= mode.floor) continue;
        const auto place = static_cast<std::size_t>(mode.rank - 1);
        const double loss = shares[k][m][place] / static_cast<double>(saved_by(weights[k], mode));
        if (next.first == weights.size() || loss < smallest) smallest = loss, next = {k, m};
      }
    }
    auto& mode = weights[next.first].modes[next.second];
    held -= saved_by(weights[next.first], mode);
    --mode.rank;
  }
}

}  // namespace ranklens::optim
