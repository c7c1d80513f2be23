#include "ranklens/tn/contraction/network.h"

#include <cmath>

#include "ranklens/tn/contraction/replay.h"

namespace ranklens::tn {

Network network_of(const Expression& expression, const Labels& sliced) {
  Network network;
  std::vector<Label> number(expression.sizes.size(), -1);
  std::vector<char> dropped(expression.sizes.size(), 0);
  for (const auto label : sliced) dropped[static_cast<std::size_t>(label)] = 1;
  for (std::size_t label = 0; label < number.size(); ++label) {
    if (expression.sizes[label] < 2 || dropped[label]) continue;
    number[label] = static_cast<Label>(network.weights.size());
    network.origin.push_back(static_cast<Label>(label));
    network.weights.push_back(std::log2(static_cast<double>(expression.sizes[label])));
  }
  network.open.resize(network.weights.size(), 0);
  for (const auto label : expression.output) {
    const auto there = number[static_cast<std::size_t>(label)];
    if (there >= 0) network.open[static_cast<std::size_t>(there)] = 1;
  }
  for (const auto& labels : expression.inputs) {
    Labels term;
    for (const auto label : labels) {
      const auto there = number[static_cast<std::size_t>(label)];
      if (there >= 0) term.push_back(there);
    }
    network.terms.push_back(label_set(std::move(term)));
  }
  return network;
}

std::vector<std::int32_t> holders_of(const Network& network) {
  std::vector<std::int32_t> count(network.open.begin(), network.open.end());
  for (const auto& term : network.terms) {
    for (const auto label : term) ++count[static_cast<std::size_t>(label)];
  }
  return count;
}

Labels merged_labels(const std::vector<std::int32_t>& holders, const Labels& a, const Labels& b) {
  Labels kept;
  kept.reserve(a.size() + b.size());
  auto x = a.begin(), y = b.begin();
  while (x != a.end() || y != b.end()) {
    const bool from_a = y == b.end() || (x != a.end() && *x <= *y);
    const bool from_b = x == a.end() || (y != b.end() && *y <= *x);
    const auto label = from_a ? *x : *y;
    const int here = (from_a ? 1 : 0) + (from_b ? 1 : 0);
    if (holders[static_cast<std::size_t>(label)] > here) kept.push_back(label);
    if (from_a) ++x;
    if (from_b) ++y;
  }
  return kept;
}

}  // namespace ranklens::tn
