#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ranklens/report/page.h"
#include "ranklens/study/experiment.h"
#include "ranklens/study/timings/timings.h"

namespace ranklens::report {

/// Dense seconds over low-rank ones of each repeat, by rank.
using Speedups = std::map<std::int64_t, std::vector<double>>;

/// Of a method's steps, or of "predict", at the ranks that were measured.
Speedups speedups_of(const study::timings::Options& options,
                     const study::ExperimentResults& results, const std::string& id);
/// Of the medians.
study::timings::BreakEven break_even_of(const Speedups& speedups);

/// How far the low-rank form is the faster one, in training and prediction, and what a step costs
/// at rank 32; a repeat stands for a seed.
std::vector<Verdict> timings_verdicts(const study::timings::Options& options,
                                      const study::ExperimentResults& results);

}  // namespace ranklens::report
