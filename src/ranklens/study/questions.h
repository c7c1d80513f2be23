#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "ranklens/study/cell.h"
#include "ranklens/study/config.h"
#include "ranklens/study/verdict.h"

namespace ranklens::study {

/// A claim about one arm against the reference, and what the finished cells say of it.
struct Answer {
  Claim claim;
  std::string arm, reference;
  std::string measure;  ///< what was subtracted: "mean training loss over the epochs"
  std::string unit;     ///< of the values and of the difference; accuracies in percentage points
  Verdict verdict;
  PairedSamples samples;
  /// Whether the two arms' accuracies agree within the configuration's margin.
  Verdict accuracy;
};

/// The original's four claims about every arm but the reference: its loss converges faster (of an
/// arm with another optimiser than the reference's by epochs and, since they may take another time,
/// by the seconds that both trained); its maps are more localised (by the mask where there is one,
/// else by concentration); two methods agree more on it; accuracy is kept with fewer parameters.
/// Claims about maps must beat those of the arm's untrained network, and, where masks tell where a
/// map should lie, random maps. A training that diverged and a loss that is not finite leave the
/// claims about their arm undecided.
std::vector<Answer> answer(const Config& config, const std::vector<Cell>& cells);

/// One number a seed: of an arm, or, where that is "", of whichever arm has it first. Seeds whose
/// cell is missing, failed or lacks the number are left out.
template <class Number>
std::vector<SeedValue> over_seeds(const std::vector<Cell>& cells, const std::string& arm,
                                  Number&& number) {
  std::vector<SeedValue> values;
  for (const auto& cell : cells) {
    if (!cell.failure.empty() || (!arm.empty() && cell.arm != arm)) continue;
    const bool there = std::any_of(values.begin(), values.end(),
                                   [&](const auto& value) { return value.seed == cell.seed; });
    if (there) continue;
    if (const auto value = number(cell)) values.push_back({cell.seed, *value});
  }
  return values;
}

}  // namespace ranklens::study
