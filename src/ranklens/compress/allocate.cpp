#include "ranklens/compress/allocate.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ranklens/base/error.h"

namespace ranklens::compress {
namespace {

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
