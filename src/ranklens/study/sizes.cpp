#include "ranklens/study/sizes.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "ranklens/study/questions.h"

namespace ranklens::study {

std::vector<SeedValue> parameters_of(const std::vector<Cell>& cells, const std::string& arm) {
  return over_seeds(cells, arm, [](const Cell& cell) {
    return std::optional(static_cast<double>(cell.parameters));
  });
}

std::vector<SeedValue> flops_of(const std::vector<Cell>& cells, const std::string& arm) {
  return over_seeds(cells, arm, [](const Cell& cell) {
    return cell.flops > 0 ? std::optional(static_cast<double>(cell.flops)) : std::nullopt;
  });
}

std::vector<SeedValue> saved_of(const std::vector<Cell>& cells, const std::string& arm) {
  const auto saved = over_seeds(cells, arm, [](const Cell& cell) -> std::optional<double> {
    if (cell.dense_weights <= 0) return std::nullopt;
    return 1 - static_cast<double>(cell.weights) / static_cast<double>(cell.dense_weights);
  });
  const bool all = saved.size() == parameters_of(cells, arm).size();
  return all ? saved : std::vector<SeedValue>();
}

std::string storage_of(const std::vector<Cell>& cells, const std::string& arm) {
  const Cell* first = nullptr;
  for (const auto& cell : cells) {
    if (cell.arm != arm || !cell.failure.empty()) continue;
    if (first == nullptr) first = &cell;
    if (cell.head != first->head) return fmt::format("{} (seed {})", first->head, first->seed);
  }
  return first == nullptr ? "" : first->head;
}

double mean(const std::vector<SeedValue>& values) {
  return values.empty() ? 0 : summarise(values).mean;
}

}  // namespace ranklens::study
