#pragma once

#include <string>
#include <vector>

#include "ranklens/report/page.h"
#include "ranklens/study/run.h"

namespace ranklens::report {

/// Adds what a reader must know before believing a study's numbers: what failed, is missing, was
/// left out or computed differently.
void add_notes(const study::Results& results, const study::Selection& images, ReportData& data);

/// Every value that a key of the provenance has in the finished cells.
std::vector<std::string> provenance_values(const study::Results& results, const std::string& key);

}  // namespace ranklens::report
