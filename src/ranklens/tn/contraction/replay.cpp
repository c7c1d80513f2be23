#include "ranklens/tn/contraction/replay.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <utility>

#include "ranklens/base/error.h"

namespace ranklens::tn {
namespace {

/// How many of the tensors that are left, and of the output, have each label.
std::vector<std::int32_t> holders(const Expression& expression,
                                  const std::vector<Labels>& tensors) {
  std::vector<std::int32_t> count(expression.sizes.size(), 0);
  for (const auto& labels : tensors) {
    for (const auto label : labels) ++count[static_cast<std::size_t>(label)];
  }
  for (const auto label : expression.output) ++count[static_cast<std::size_t>(label)];
  return count;
}

Labels joined_labels(const Labels& a, const Labels& b) {
  Labels all;
  all.reserve(a.size() + b.size());
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(all));
  return all;
}

}  // namespace

Labels label_set(Labels labels) {
  std::sort(labels.begin(), labels.end());
  labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
  return labels;
}

std::vector<Step> replay(const Expression& expression, const Path& path) {
  require_path(expression.inputs.size(), path);
  std::vector<Labels> tensors;
  for (const auto& labels : expression.inputs) tensors.push_back(label_set(labels));
  auto count = holders(expression, tensors);
  std::vector<Step> steps;
  steps.reserve(path.size());
  for (const auto& [left, right] : path) {
    auto& a = tensors[static_cast<std::size_t>(left)];
    auto& b = tensors[static_cast<std::size_t>(right)];
    for (const auto label : a) --count[static_cast<std::size_t>(label)];
    for (const auto label : b) --count[static_cast<std::size_t>(label)];
    Labels kept;
    for (const auto label : joined_labels(a, b)) {
      if (count[static_cast<std::size_t>(label)]++ > 0) kept.push_back(label);
    }
    steps.push_back({.left = left,
                     .right = right,
                     .result = static_cast<std::int32_t>(tensors.size()),
                     .left_labels = std::move(a),
                     .right_labels = std::move(b),
                     .labels = kept});
    tensors.push_back(std::move(kept));
  }
  return steps;
}

double log2_elements(const Expression& expression, const Labels& labels) {
  double product = 1, log2 = 0;
  for (const auto label : labels) {
    product *= static_cast<double>(expression.sizes[static_cast<std::size_t>(label)]);
    if (product > 0x1p900) {
      log2 += std::log2(product);
      product = 1;
    }
  }
  return log2 + std::log2(product);
}

Cost cost_of(const Expression& expression, const Path& path, Counting counting) {
  LogSum flops, write;
  double largest = -std::numeric_limits<double>::infinity();
  const auto count = [&](const Labels& all, const Labels& result) {
    const bool sums = all.size() > result.size();
    flops.add(log2_elements(expression, all) + (sums && counting == Counting::operations ? 1 : 0));
    const double size = log2_elements(expression, result);
    write.add(size);
    largest = std::max(largest, size);
  };
  for (const auto& step : replay(expression, path)) {
    count(joined_labels(step.left_labels, step.right_labels), step.labels);
  }
  if (path.empty()) count(label_set(expression.inputs.front()), expression.output);
  return {.log2_flops = flops.log2(),
          .log10_flops = flops.log2() * std::log10(2.0),
          .log2_size = largest,
          .log2_write = write.log2()};
}

void LogSum::add(double log2_value) {
  if (scaled_ == 0) {
    largest_ = log2_value;
    scaled_ = 1;
  } else if (log2_value <= largest_) {
    scaled_ += std::exp2(log2_value - largest_);
  } else {
    scaled_ = scaled_ * std::exp2(largest_ - log2_value) + 1;
    largest_ = log2_value;
  }
}

double LogSum::log2() const { return largest_ + std::log2(scaled_); }

}  // namespace ranklens::tn
