#include "ranklens/report/reproductions/experiment_parts.h"

#include <fmt/format.h>

#include "ranklens/base/version.h"
#include "ranklens/study/verdict.h"

namespace ranklens::report {

SeedCells cells_of(const study::ExperimentResults& results, const std::string& name,
                   const std::vector<std::uint64_t>& seeds) {
  SeedCells found;
  for (const auto seed : seeds) {
    const auto cell = results.cells.find(fmt::format("{}-s{}", name, seed));
    if (cell != results.cells.end()) found[seed] = cell->second;
  }
  return found;
}

std::vector<study::SeedValue> values_of(
    const SeedCells& cells, const std::function<double(const nlohmann::json& cell)>& number) {
  std::vector<study::SeedValue> values;
  for (const auto& [seed, cell] : cells) values.push_back({seed, number(cell)});
  return values;
}

std::vector<study::SeedValue> constant(const std::vector<study::SeedValue>& like, double value) {
  auto values = like;
  for (auto& one : values) one.value = value;
  return values;
}

Verdict judged(const Question& question, const std::vector<study::SeedValue>& first,
               const std::vector<study::SeedValue>& second, std::vector<std::string> lost) {
  auto samples = study::pair_by_seed(first, second);
  samples.first = question.first;
  samples.second = question.second;
  samples.lost = std::move(lost);
  return {.claim = question.claim,
          .question = question.claim.text,
          .verdict = study::judge(question.claim, samples),
          .measure = question.measure,
          .unit = question.claim.unit};
}

void add_run(const study::ExperimentResults& results, ReportData& data) {
  for (const auto& [cell, seconds] : results.seconds) data.stages.push_back({cell, "", seconds});
  data.provenance.emplace_back("ranklens", std::string(base::version()));
}

}  // namespace ranklens::report
