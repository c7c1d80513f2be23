#pragma once

#include <vector>

#include "ranklens/report/page.h"
#include "ranklens/study/training/reproductions.h"

/// Accuracies after so many epochs, for experiments whose published rows have them.
namespace ranklens::report {

/// Each arm after the epochs that were printed, ours and the printed mean side by side; no row
/// where nothing was printed.
Table epoch_table(const study::reproductions::Reproduction& reproduction,
                  const study::ExperimentResults& results);

/// A chart for each start (what stands behind the last "-" of an arm's name) with a line an arm and
/// seed, and the printed points. Their arms are printed_arms().
std::vector<Chart> epoch_charts(const study::reproductions::Reproduction& reproduction,
                                const study::ExperimentResults& results);
std::vector<Arm> printed_arms(const study::reproductions::Reproduction& reproduction);

}  // namespace ranklens::report
