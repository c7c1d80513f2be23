#pragma once

#include <vector>

#include "ranklens/report/page.h"
#include "ranklens/study/training/reproductions.h"

namespace ranklens::report {

/// The claims of an experiment that is made of trainings, judged on what is there; none is answered
/// by a run that is shorter than the published one.
std::vector<Verdict> trial_verdicts(const study::reproductions::Reproduction& reproduction,
                                    const study::ExperimentResults& results);

/// Those of uv-vs-dlrt.
std::vector<Verdict> factor_verdicts(const study::reproductions::Reproduction& reproduction,
                                     const study::ExperimentResults& results);

}  // namespace ranklens::report
