#include "ranklens/tn/contraction/path.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <numeric>
#include <utility>

#include "ranklens/base/error.h"
#include "ranklens/tn/contraction/replay.h"

namespace ranklens::tn {
namespace {

/// Collects steps between tensors that are named in one way or another.
class PathBuilder {
 public:
  explicit PathBuilder(std::size_t operands)
      : operands_(operands), next_(static_cast<std::int32_t>(operands)) {}

  /// Merges tensors by their numbers, from left to right; returns the number of the result.
  std::int32_t merge(const std::vector<std::int32_t>& tensors) {
    std::int32_t result = tensors.front();
    for (std::size_t k = 1; k < tensors.size(); ++k) {
      path_.push_back({result, tensors[k]});
      result = next_++;
    }
    return result;
  }

  Path take() {
    base::require(operands_ > 0, "a path has at least one operand");
    const auto left = operands_ - path_.size();
    base::require(left == 1, "the path leaves {} tensors; it is complete when one is left", left);
    return std::move(path_);
  }

 private:
  std::size_t operands_;
  std::int32_t next_;
  Path path_;
};

void require_step(const std::vector<std::int64_t>& step, std::size_t number) {
  base::require(!step.empty(), "step {} of the path names no tensor", number);
  auto sorted = step;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  base::require(twice == sorted.end(), "step {} of the path names tensor {} twice", number,
                twice == sorted.end() ? 0 : *twice);
}

std::vector<std::int32_t> first_numbers(std::size_t count) {
  std::vector<std::int32_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

}  // namespace

Path path_from_ssa(std::size_t operands, const Steps& steps) {
  PathBuilder builder(operands);
  auto number =
      first_numbers(operands);  // of the tensor that a step calls so; -1 once it is used up
  for (std::size_t k = 0; k < steps.size(); ++k) {
    require_step(steps[k], k);
    std::vector<std::int32_t> merged;
    for (const auto tensor : steps[k]) {
      base::require(tensor >= 0 && static_cast<std::size_t>(tensor) < number.size(),
                    "step {} of the path names tensor {}, but there are {} by then", k, tensor,
                    number.size());
      auto& there = number[static_cast<std::size_t>(tensor)];
      base::require(there >= 0, "step {} of the path names tensor {}, which is used up", k, tensor);
      merged.push_back(there);
      there = -1;
    }
    number.push_back(builder.merge(merged));
  }
  return builder.take();
}

Path path_from_linear(std::size_t operands, const Steps& steps) {
  PathBuilder builder(operands);
  auto left = first_numbers(operands);
  for (std::size_t k = 0; k < steps.size(); ++k) {
    require_step(steps[k], k);
    std::vector<std::int32_t> merged;
    for (const auto position : steps[k]) {
      base::require(position >= 0 && static_cast<std::size_t>(position) < left.size(),
                    "step {} of the path names position {}, but {} tensors are left", k, position,
                    left.size());
      merged.push_back(left[static_cast<std::size_t>(position)]);
    }
    auto positions = steps[k];
    std::sort(positions.begin(), positions.end(), std::greater<>());
    for (const auto position : positions) left.erase(left.begin() + position);
    left.push_back(builder.merge(merged));
  }
  return builder.take();
}

Steps linear_from_path(std::size_t operands, const Path& path) {
  Steps steps;
  auto left = first_numbers(operands);  // ascending always, for new numbers go to the end
  for (const auto& step : path) {
    std::vector<std::int64_t> positions;
    for (const auto tensor : step) {
      positions.push_back(std::lower_bound(left.begin(), left.end(), tensor) - left.begin());
    }
    std::sort(positions.begin(), positions.end());
    for (auto at = positions.rbegin(); at != positions.rend(); ++at) left.erase(left.begin() + *at);
    left.push_back(static_cast<std::int32_t>(operands + steps.size()));
    steps.push_back(std::move(positions));
  }
  return steps;
}

namespace {

void require_order(const Expression& expression, const Labels& order) {
  std::vector<bool> seen(expression.sizes.size(), false);
  for (const auto label : order) {
    base::require(label >= 0 && static_cast<std::size_t>(label) < seen.size(),
                  "the path names label {}, but there are {}", label, seen.size());
    base::require(!seen[static_cast<std::size_t>(label)], "the path names label '{}' twice",
                  expression.names[static_cast<std::size_t>(label)]);
    seen[static_cast<std::size_t>(label)] = true;
  }
}

}  // namespace

Path path_from_edges(const Expression& expression, const Labels& order) {
  require_order(expression, order);
  const auto operands = expression.inputs.size();
  PathBuilder builder(operands);
  auto root = first_numbers(operands);    // union-find over operands
  auto number = first_numbers(operands);  // of the tensor that a root stands for
  const auto find = [&](std::int32_t k) {
    while (root[static_cast<std::size_t>(k)] != k) {
      auto& up = root[static_cast<std::size_t>(k)];
      k = up = root[static_cast<std::size_t>(up)];
    }
    return k;
  };
  std::vector<std::vector<std::int32_t>> having(expression.sizes.size());
  for (std::size_t k = 0; k < operands; ++k) {
    for (const auto label : expression.inputs[k]) {
      having[static_cast<std::size_t>(label)].push_back(static_cast<std::int32_t>(k));
    }
  }
  const auto merge_all = [&](const std::vector<std::int32_t>& members) {
    std::vector<std::array<std::int32_t, 2>> tensors;  // number, root
    for (const auto member : members) {
      const auto top = find(member);
      tensors.push_back({number[static_cast<std::size_t>(top)], top});
    }
    std::sort(tensors.begin(), tensors.end());
    tensors.erase(std::unique(tensors.begin(), tensors.end()), tensors.end());
    if (tensors.size() < 2) return;
    std::vector<std::int32_t> numbers;
    for (const auto& [tensor, top] : tensors) {
      numbers.push_back(tensor);
      root[static_cast<std::size_t>(top)] = tensors.front()[1];
    }
    number[static_cast<std::size_t>(tensors.front()[1])] = builder.merge(numbers);
  };
  for (const auto label : order) merge_all(having[static_cast<std::size_t>(label)]);
  for (const auto& members : having) merge_all(members);
  merge_all(first_numbers(operands));
  return builder.take();
}

Labels edges_from_path(const Expression& expression, const Path& path) {
  Labels order;
  std::vector<std::int32_t> left(expression.sizes.size(), 0);  // tensors that have the label
  for (auto labels : expression.inputs) {
    for (const auto label : label_set(std::move(labels))) ++left[static_cast<std::size_t>(label)];
  }
  for (const auto& step : replay(expression, path)) {
    Labels shared;
    std::set_intersection(step.left_labels.begin(), step.left_labels.end(),
                          step.right_labels.begin(), step.right_labels.end(),
                          std::back_inserter(shared));
    for (const auto label : shared) {
      if (--left[static_cast<std::size_t>(label)] == 1) order.push_back(label);
    }
  }
  return order;
}

void require_path(std::size_t operands, const Path& path) {
  Steps steps;
  for (const auto& step : path) steps.push_back({step[0], step[1]});
  path_from_ssa(operands, steps);
}

}  // namespace ranklens::tn
