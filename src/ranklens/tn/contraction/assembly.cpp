#include "ranklens/tn/contraction/assembly.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <utility>

#include "ranklens/tn/contraction/greedy.h"

namespace ranklens::tn {

Assembly::Assembly(const Network& network)
    : network_(network),
      tensors_(network.terms),
      left_(network.terms.size(), 1),
      holders_(holders_of(network)),
      having_(network.labels()) {
  for (std::size_t k = 0; k < tensors_.size(); ++k) {
    for (const auto label : tensors_[k]) {
      having_[static_cast<std::size_t>(label)].push_back(static_cast<std::int32_t>(k));
    }
  }
}

std::vector<std::int32_t> Assembly::having(Label label) {
  auto& list = having_[static_cast<std::size_t>(label)];
  std::erase_if(list,
                [&](std::int32_t tensor) { return !left_[static_cast<std::size_t>(tensor)]; });
  return list;
}

std::int32_t Assembly::merge(std::int32_t a, std::int32_t b) {
  auto result = merged_labels(holders_, labels(a), labels(b));
  for (const auto gone : {a, b}) {
    left_[static_cast<std::size_t>(gone)] = 0;
    for (const auto label : labels(gone)) --holders_[static_cast<std::size_t>(label)];
  }
  const auto number = static_cast<std::int32_t>(tensors_.size());
  for (const auto label : result) {
    ++holders_[static_cast<std::size_t>(label)];
    having_[static_cast<std::size_t>(label)].push_back(number);
  }
  tensors_.push_back(std::move(result));
  left_.push_back(1);
  path_.push_back({a, b});
  return number;
}

Network Assembly::part_of(const std::vector<std::int32_t>& tensors) const {
  Labels all;
  for (const auto tensor : tensors)
    all.insert(all.end(), labels(tensor).begin(), labels(tensor).end());
  std::sort(all.begin(), all.end());
  Network part;
  const auto number = [&](Label label) {
    return static_cast<Label>(std::lower_bound(part.origin.begin(), part.origin.end(), label) -
                              part.origin.begin());
  };
  for (auto from = all.begin(); from != all.end();) {
    const auto to = std::upper_bound(from, all.end(), *from);
    const auto label = static_cast<std::size_t>(*from);
    part.origin.push_back(*from);
    part.weights.push_back(network_.weights[label]);
    part.open.push_back(holders_[label] > to - from ? 1 : 0);
    from = to;
  }
  for (const auto tensor : tensors) {
    auto& term = part.terms.emplace_back();
    for (const auto label : labels(tensor)) term.push_back(number(label));
  }
  return part;
}

std::int32_t Assembly::merge_all(const std::vector<std::int32_t>& tensors, Random& random) {
  if (tensors.size() == 1) return tensors.front();
  if (tensors.size() == 2) return merge(tensors[0], tensors[1]);
  const auto part = part_of(tensors);
  auto numbers = tensors;
  for (const auto& [a, b] : greedy_path(part, {}, random)) {
    numbers.push_back(
        merge(numbers[static_cast<std::size_t>(a)], numbers[static_cast<std::size_t>(b)]));
  }
  return numbers.back();
}

Path Assembly::finish() {
  using Sized = std::pair<double, std::int32_t>;
  std::priority_queue<Sized, std::vector<Sized>, std::greater<>> queue;
  const auto add = [&](std::int32_t tensor) {
    queue.emplace(network_.log2_size(labels(tensor)), tensor);
  };
  for (std::size_t k = 0; k < tensors_.size(); ++k) {
    if (left_[k]) add(static_cast<std::int32_t>(k));
  }
  while (queue.size() > 1) {
    const auto a = queue.top().second;
    queue.pop();
    const auto b = queue.top().second;
    queue.pop();
    add(merge(a, b));
  }
  return std::move(path_);
}

Path elimination_path(const Network& network, const Labels& order, Random& random) {
  Assembly assembly(network);
  for (const auto label : order) {
    const auto tensors = assembly.having(label);
    if (tensors.size() > 1) assembly.merge_all(tensors, random);
  }
  return assembly.finish();
}

}  // namespace ranklens::tn
