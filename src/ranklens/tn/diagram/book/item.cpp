#include "ranklens/tn/diagram/book/item.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <fmt/format.h>

#include "ranklens/tn/diagram/parse.h"

namespace ranklens::tn::diagram::book {

bool Fact::holds() const {
  const double slack = tolerance * std::max({std::abs(value), std::abs(bound), 1e-30});
  return at_most ? value <= bound + slack : std::abs(value - bound) <= slack;
}

double Verified::worst() const {
  return errors.empty() ? 0 : *std::max_element(errors.begin(), errors.end());
}

EvaluateOptions disturbing(std::size_t number) {
  return {.change = [number](std::size_t k, const at::Tensor& value) {
    if (k != number) return value;
    const at::Tensor ramp = at::arange(1, value.numel() + 1, at::kDouble).reshape(value.sizes());
    const at::Tensor scale =
        value.abs().max().clamp_min(0.5) / static_cast<double>(value.numel()) / 3;
    return value + ramp * scale;
  }};
}

Verified verify(const Item& item, std::uint64_t seed, const EvaluateOptions& options) {
  const Document document = parse(item.source, fmt::format("item '{}'", item.id));
  const Diagram& diagram = document.diagrams.front();
  Values values = random_values(document, seed);
  if (item.prepare) item.prepare(values);
  Verified result{.tolerance = diagram.tolerance};
  for (const Declaration& tensor : document.tensors) {
    const at::Tensor& value = values.at(tensor.name);
    if (value.sizes() != at::IntArrayRef(tensor.sizes) || !(violation(tensor, value) < 1e-9))
      result.broken.push_back(tensor.name);
  }
  const auto sides = evaluate(document, diagram, values, options);
  const Given given(values);
  const at::Tensor second = item.second(given);
  for (const at::Tensor& side : sides) result.errors.push_back(difference(side, second));
  if (item.facts) result.facts = item.facts(given, sides.front());
  result.holds = result.broken.empty() && result.worst() <= result.tolerance &&
                 std::all_of(result.facts.begin(), result.facts.end(),
                             [](const Fact& f) { return f.holds(); });
  return result;
}

std::vector<Group> groups() {
  return {operations(),
          copies(),
          special_tensors(),
          matrix_decompositions(),
          tensor_decompositions(),
          tensor_networks(),
          neural_networks(),
          learning()};
}

}  // namespace ranklens::tn::diagram::book
