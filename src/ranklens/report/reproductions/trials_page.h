#pragma once

#include <string>

#include "ranklens/report/page.h"
#include "ranklens/study/training/reproductions.h"

namespace ranklens::report {

/// The page of a published experiment that is made of trainings, as far as its cells are there:
/// verdicts on its claims, curves, and what was published beside what came out. Of trials that were
/// not asked for, too, if their results are there.
ReportData trials_page(study::reproductions::Reproduction reproduction,
                       const study::ExperimentResults& results, const std::string& command);

}  // namespace ranklens::report
