#pragma once

#include "ranklens/report/page.h"

namespace ranklens::report {

/// Verdicts of a run that is shorter or smaller than the published experiment: none of them is an
/// answer, and each says so. What the intervals say stays as the tendency.
void leave_undecided(std::vector<Verdict>& verdicts);

}  // namespace ranklens::report
