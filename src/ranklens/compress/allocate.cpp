#include "ranklens/compress/allocate.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ranklens/base/error.h"

namespace ranklens::compress {
namespace {

/// What is best at a price of loss per number.
std::size_t at_price(const std::vector<Candidate>& weight, double price) {
  const auto best =
      std::min_element(weight.begin(), weight.end(), [&](const auto& a, const auto& b) {
        const auto cost = [&](const Candidate& c) {
          return loss_of(c) + price * static_cast<double>(c.parameters);
        };
        return cost(a) < cost(b);
      });
  return static_cast<std::size_t>(best - weight.begin());
}

std::int64_t total_at(const std::vector<std::vector<Candidate>>& weights, double price) {
  std::int64_t sum = 0;
  for (const auto& weight : weights) sum += weight[at_price(weight, price)].parameters;
  return sum;
}

/// Spends numbers that are left, one weight at a time: each step is the one that lowers the loss
/// most for the numbers that it takes.
void spend(const std::vector<std::vector<Candidate>>& weights, std::int64_t left,
           std::vector<std::size_t>& chosen) {
  while (true) {
    std::size_t best = 0, place = weights.size();
    double most = 0;
    for (std::size_t k = 0; k < weights.size(); ++k) {
      const auto& now = weights[k][chosen[k]];
      for (std::size_t c = 0; c < weights[k].size(); ++c) {
        const auto& other = weights[k][c];
        const auto more = other.parameters - now.parameters;
        const double gain = loss_of(now) - loss_of(other);
        if (more > left || !(gain > 0)) continue;
        const double worth =
            more > 0 ? gain / static_cast<double>(more) : std::numeric_limits<double>::infinity();
        if (worth > most) most = worth, best = c, place = k;
      }
    }
    if (place == weights.size()) return;
    left -= weights[place][best].parameters - weights[place][chosen[place]].parameters;
    chosen[place] = best;
  }
}

}  // namespace

double loss_of(const Candidate& candidate) {
  constexpr double least_kept = 1e-12;  // keeps the loss of an empty weight finite
  return -std::log(std::max(least_kept, 1 - candidate.squared_error));
}

std::vector<std::size_t> allocate(const std::vector<std::vector<Candidate>>& weights,
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
  std::vector<std::size_t> chosen;
  for (const auto& weight : weights) chosen.push_back(at_price(weight, high));
  spend(weights, budget - total_at(weights, high), chosen);
  return chosen;
}

}  // namespace ranklens::compress
