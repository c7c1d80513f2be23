#pragma once

#include <cmath>
#include <complex>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>

#include "ranklens/tn/contraction/expression.h"
#include "ranklens/tn/contraction/network.h"

/// What the tests of contraction share: random expressions and the sum over all values of all
/// labels.
namespace ranklens::tn {

/// Random small networks: hyperedges, repeated labels, size 1, scalars, unconnected parts, labels
/// that one operand has alone.
inline Expression random_expression(Random& random, std::size_t operands) {
  std::vector<std::vector<std::int64_t>> inputs(operands);
  const std::size_t labels = 1 + random.below(operands + 4);
  std::vector<std::int64_t> sizes;
  for (std::size_t k = 0; k < labels; ++k)
    sizes.push_back(1 + static_cast<std::int64_t>(random.below(3)));
  std::vector<bool> used(labels, false);
  for (auto& input : inputs) {
    for (std::size_t mode = random.below(4); mode-- > 0;) {
      const auto label = random.below(labels);
      used[label] = true;
      input.push_back(static_cast<std::int64_t>(label));
    }
  }
  std::vector<std::int64_t> output;
  for (std::size_t k = 0; k < labels; ++k) {
    if (!used[k] || random.below(3) > 0) continue;
    output.insert(output.begin() + static_cast<std::ptrdiff_t>(random.below(output.size() + 1)),
                  static_cast<std::int64_t>(k));
  }
  std::vector<Shape> shapes;
  for (const auto& input : inputs) {
    shapes.emplace_back();
    for (const auto label : input) shapes.back().push_back(sizes[static_cast<std::size_t>(label)]);
  }
  return with_shapes(parse_equation(inputs, output), shapes);
}

/// A random tree of merges.
inline Path random_path(Random& random, std::size_t operands) {
  Path path;
  std::vector<std::int32_t> left;
  for (std::size_t k = 0; k < operands; ++k) left.push_back(static_cast<std::int32_t>(k));
  const auto take = [&] {
    const auto at = left.begin() + static_cast<std::ptrdiff_t>(random.below(left.size()));
    const auto tensor = *at;
    left.erase(at);
    return tensor;
  };
  while (left.size() > 1) {
    const auto a = take(), b = take();
    left.push_back(static_cast<std::int32_t>(operands + path.size()));
    path.push_back({a, b});
  }
  return path;
}

inline std::vector<at::Tensor> random_operands(const Expression& expression, at::ScalarType type) {
  std::vector<at::Tensor> operands;
  for (const auto& labels : expression.inputs) {
    operands.push_back(at::randn(expression.shape_of(labels), type));
  }
  return operands;
}

/// The sum over all values of all labels, one product at a time, in complex128.
inline at::Tensor brute_force(const Expression& expression,
                              const std::vector<at::Tensor>& operands) {
  std::vector<at::Tensor> plain;
  for (const auto& operand : operands) {
    plain.push_back(operand.detach().to(at::kComplexDouble).contiguous());
  }
  auto result = at::zeros(expression.shape_of(expression.output), at::kComplexDouble);
  using Number = std::complex<double>;
  std::vector<std::int64_t> value(expression.sizes.size(), 0);
  const auto place = [&](const Labels& labels) {
    std::int64_t at = 0;
    for (const auto label : labels) {
      at = at * expression.sizes[static_cast<std::size_t>(label)] +
           value[static_cast<std::size_t>(label)];
    }
    return at;
  };
  for (;;) {
    Number product = 1;
    for (std::size_t k = 0; k < plain.size(); ++k) {
      product *= static_cast<const Number*>(plain[k].const_data_ptr())[place(expression.inputs[k])];
    }
    static_cast<Number*>(result.data_ptr())[place(expression.output)] += product;
    std::size_t label = 0;
    while (label < value.size() && ++value[label] == expression.sizes[label]) value[label++] = 0;
    if (label == value.size()) return result;
  }
}

}  // namespace ranklens::tn
