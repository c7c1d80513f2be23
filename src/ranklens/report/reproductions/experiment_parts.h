#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ranklens/report/page.h"
#include "ranklens/study/experiment.h"
#include "ranklens/study/printed.h"
#include "ranklens/study/statistics.h"
#include "ranklens/study/training/reproductions.h"

/// What the pages of published experiments have in common.
namespace ranklens::report {

/// Results of one kind of cell by seed, those that are there.
using SeedCells = std::map<std::uint64_t, nlohmann::json>;
/// The cells NAME-sSEED.
SeedCells cells_of(const study::ExperimentResults& results, const std::string& name,
                   const std::vector<std::uint64_t>& seeds);
/// One number of each cell.
std::vector<study::SeedValue> values_of(
    const SeedCells& cells, const std::function<double(const nlohmann::json& cell)>& number);
/// The same number for the seeds of `like`, to hold a printed value against runs.
std::vector<study::SeedValue> constant(const std::vector<study::SeedValue>& like, double value);

/// A claim about the difference of two numbers, and what its sentence calls them.
struct Question {
  study::Claim claim;
  std::string first, second, measure;
};
/// Judges first - second, paired by seed. `lost`: see study::PairedSamples.
Verdict judged(const Question& question, const std::vector<study::SeedValue>& first,
               const std::vector<study::SeedValue>& second, std::vector<std::string> lost = {});

/// Judges the mean of our values - a printed mean, with the spread that was printed for it.
Verdict judged(const Question& question, const std::vector<study::SeedValue>& values,
               const study::Printed& printed, std::vector<std::string> lost = {});

/// One verdict on all parts of a claim: supported where all are, contradicted where one is, else
/// undecided. Its numbers are those of the weakest part, which its reason names. An Error if there
/// is no part.
Verdict on_every(std::string text, const std::vector<Verdict>& parts);

/// "full", "quick", "smoke", for the facts of a page.
std::string extent_text(study::reproductions::Extent extent);

/// The seconds that cells took and the version that made the page.
void add_run(const study::ExperimentResults& results, ReportData& data);

}  // namespace ranklens::report
