#pragma once

#include "ranklens/study/run.h"

namespace ranklens::study {

/// Whether the folder has the speeds of all arms, measured in one run.
bool has_speeds(const Config& config, const std::filesystem::path& folder);

/// Measures the speeds of all arms, each trained by its own optimiser, in turns in one process,
/// once for the folder: a process that finds another one at it waits for the result. Comes back
/// early when base::interrupted().
void measure_speeds(const Config& config, const RunOptions& options, const Material& material);

}  // namespace ranklens::study
