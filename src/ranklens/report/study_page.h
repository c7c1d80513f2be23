#pragma once

#include <string>

#include "ranklens/report/page.h"
#include "ranklens/study/run.h"

namespace ranklens::report {

/// The page of a study: verdicts, curves, arms, scores with their controls, maps side by side.
/// `images` are those that the study explains; `command` is the line that made it.
ReportData study_page(const study::Results& results, const study::Selection& images,
                      const std::string& command);

}  // namespace ranklens::report
