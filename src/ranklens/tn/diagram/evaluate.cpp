#include "ranklens/tn/diagram/evaluate.h"

#include <algorithm>
#include <cmath>

#include "ranklens/base/error.h"
#include "ranklens/tn/contraction/execute.h"
#include "ranklens/tn/diagram/functions.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::tn::diagram {
namespace {

using at::Tensor;

class Evaluation {
 public:
  Evaluation(const Diagram& diagram, const Values& values, const EvaluateOptions& options)
      : diagram_(diagram), values_(values), options_(options) {
    for (const auto& [name, value] : values) {
      if (value.is_complex()) dtype_ = at::kComplexDouble;
      device_ = value.device();
    }
  }

  Tensor sum(const Sum& terms, const std::vector<std::string>& open) {
    Tensor total;
    for (const Term& term : terms) {
      Tensor value = product(term, open);
      if (term.coefficient != 1) value = value * term.coefficient;
      total = total.defined() ? total + value : value;
    }
    return total;
  }

 private:
  Tensor product(const Term& term, const std::vector<std::string>& open) {
    std::vector<Tensor> operands;
    std::vector<std::vector<std::string>> labels;
    gather(term.factors, operands, labels);
    return product_of(operands, labels, open);
  }

  void gather(const std::vector<Factor>& factors, std::vector<Tensor>& operands,
              std::vector<std::vector<std::string>>& labels) {
    for (const Factor& factor : factors) {
      std::vector<std::string> names = outer_legs(factor);
      operands.push_back(value_of(factor, names));
      labels.push_back(std::move(names));
    }
  }

  Tensor value_of(const Factor& factor, const std::vector<std::string>& names) {
    if (factor.what == Factor::What::Tensor) return tensor(factor);
    if (factor.what == Factor::What::Group) return product(factor.inner.front(), names);
    Tensor value = sum(factor.inner, names);
    if (factor.what == Factor::What::Bracket) return value;
    const Function* function = find_function(factor.name);
    base::require(!value.is_complex(), "'{}' is a function of real numbers", factor.name);
    return function->apply(value);
  }

  Tensor tensor(const Factor& factor) {
    Tensor value;
    if (factor.kind < Kind::Copy) {
      value = values_.at(factor.name).to(dtype_);
    } else {
      std::vector<std::int64_t> sizes;
      for (const Leg& leg : factor.legs) sizes.push_back(diagram_.sizes.at(leg.name));
      value = built_in_value(factor.kind, sizes, dtype_).to(device_);
    }
    if (factor.conjugate && value.is_complex()) value = value.conj();
    const std::size_t number = drawn_++;
    return options_.change ? options_.change(number, value) : value;
  }

  static Tensor product_of(const std::vector<Tensor>& operands,
                           const std::vector<std::vector<std::string>>& labels,
                           const std::vector<std::string>& open) {
    return contract(with_shapes(parse_equation(labels, open), shapes_of(operands)), operands);
  }

  const Diagram& diagram_;
  const Values& values_;
  const EvaluateOptions& options_;
  at::ScalarType dtype_ = at::kDouble;
  at::Device device_ = at::kCPU;
  std::size_t drawn_ = 0;
};

std::size_t tensors_in(const Sum& sum) {
  std::size_t count = 0;
  for (const Term& term : sum) {
    for (const Factor& factor : term.factors) {
      count += factor.what == Factor::What::Tensor ? 1 : tensors_in(factor.inner);
    }
  }
  return count;
}

}  // namespace

std::vector<Tensor> evaluate(const Document& document, const Diagram& diagram, const Values& values,
                             const EvaluateOptions& options) {
  for (const Declaration& t : document.tensors) {
    base::require(values.count(t.name), "tensor '{}' has no values", t.name);
  }
  std::vector<std::string> open;
  for (const OpenLeg& leg : diagram.open) open.push_back(leg.name);
  Evaluation evaluation(diagram, values, options);
  std::vector<Tensor> sides;
  for (const Sum& side : diagram.sides) sides.push_back(evaluation.sum(side, open));
  return sides;
}

double difference(const Tensor& a, const Tensor& b) {
  if (a.sizes() != b.sizes()) return INFINITY;
  const double apart = frobenius(a - b), scale = std::max(frobenius(a), frobenius(b));
  if (!std::isfinite(apart) || !std::isfinite(scale)) return INFINITY;
  return scale > 0 ? apart / scale : 0;
}

double largest_difference(const std::vector<Tensor>& sides) {
  double largest = 0;
  for (const Tensor& side : sides) largest = std::max(largest, difference(sides.front(), side));
  return largest;
}

std::size_t drawn_tensors(const Diagram& diagram) {
  std::size_t count = 0;
  for (const Sum& side : diagram.sides) count += tensors_in(side);
  return count;
}

}  // namespace ranklens::tn::diagram
