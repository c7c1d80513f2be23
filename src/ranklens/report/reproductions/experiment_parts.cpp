#include "ranklens/report/reproductions/experiment_parts.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/base/version.h"
#include "ranklens/study/verdict.h"

namespace ranklens::report {
namespace {

using study::Outcome;
using study::reproductions::Extent;

Verdict told(const Question& question, study::Verdict verdict) {
  return {.claim = question.claim,
          .question = question.claim.text,
          .verdict = std::move(verdict),
          .measure = question.measure,
          .unit = question.claim.unit};
}

int rank_of(Outcome outcome) {
  if (outcome == Outcome::contradicted) return 0;
  return outcome == Outcome::undecided ? 1 : 2;
}

/// How far the end of the interval that decides lies on the claim's side of its margin; a part
/// without numbers is the weakest of its kind.
double room_of(const Verdict& part) {
  const auto& difference = part.verdict.difference;
  if (difference.count == 0) return -std::numeric_limits<double>::infinity();
  const double above = difference.lower - part.claim.threshold;
  const double below = part.claim.threshold - difference.upper;
  switch (part.claim.relation) {
    case study::Relation::greater:
      return above;
    case study::Relation::less:
      return below;
    case study::Relation::within:
      return std::min(difference.lower + part.claim.threshold, below);
  }
  base::fail("unknown relation of a claim");
}

bool weaker(const Verdict& a, const Verdict& b) {
  const auto key = [](const Verdict& part) {
    return std::tuple(rank_of(part.verdict.outcome), rank_of(part.verdict.tendency), room_of(part));
  };
  return key(a) < key(b);
}

}  // namespace

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
  return told(question, study::judge(question.claim, samples));
}

Verdict judged(const Question& question, const std::vector<study::SeedValue>& values,
               const study::Printed& printed, std::vector<std::string> lost) {
  return told(question, study::judge(question.claim, {.first = question.first,
                                                      .second = question.second,
                                                      .values = values,
                                                      .printed = printed,
                                                      .lost = std::move(lost)}));
}

Verdict on_every(std::string text, const std::vector<Verdict>& parts) {
  base::require(!parts.empty(), "a claim about every part has none");
  Verdict all = *std::min_element(parts.begin(), parts.end(), weaker);
  const auto supported = std::count_if(parts.begin(), parts.end(), [](const Verdict& part) {
    return part.verdict.outcome == Outcome::supported;
  });
  all.verdict.reason = fmt::format("{} of {} are supported; the weakest, \"{}\": {}", supported,
                                   parts.size(), all.claim.text, all.verdict.reason);
  all.claim.text = all.question = std::move(text);
  return all;
}

std::string extent_text(Extent extent) {
  switch (extent) {
    case Extent::full:
      return "full";
    case Extent::quick:
      return "quick";
    case Extent::smoke:
      return "smoke";
  }
  base::fail("unknown extent of an experiment");
}

void add_run(const study::ExperimentResults& results, ReportData& data) {
  for (const auto& [cell, seconds] : results.seconds) data.stages.push_back({cell, "", seconds});
  data.provenance.emplace_back("ranklens", base::version_and_commit());
}

}  // namespace ranklens::report
