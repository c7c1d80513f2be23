#pragma once

#include "ranklens/report/page.h"
#include "ranklens/study/run.h"

namespace ranklens::report {

/// Charts of the head's entropies over the epochs, of the arms whose cells have them: those of
/// earlier versions do not.
void add_entropies(const study::Results& results, ReportData& data);

}  // namespace ranklens::report
