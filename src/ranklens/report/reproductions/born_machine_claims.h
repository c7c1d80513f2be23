#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ranklens/report/page.h"
#include "ranklens/report/reproductions/experiment_parts.h"
#include "ranklens/study/born_machine/experiment.h"

namespace ranklens::report {

/// The course of a run as its cell has it.
struct BornRun {
  explicit BornRun(const nlohmann::json& cell);
  double total() const;  ///< seconds

  std::vector<double> nll, seconds;
  std::size_t passes;
  bool flat, diverged;
};

/// A method's cells that hold any likelihood: one may diverge in its first pass.
SeedCells born_runs(const study::born_machine::Options& options,
                    const study::ExperimentResults& results, const std::string& method);
/// The last likelihood of a cell.
double last_likelihood(const nlohmann::json& cell);

/// Turning against Adam in as many seconds and at its plateau, against the published 40, and what
/// a switch from one to the other changes.
std::vector<Verdict> born_machine_verdicts(const study::born_machine::Options& options,
                                           const study::ExperimentResults& results);

}  // namespace ranklens::report
