#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ranklens/report/page.h"

#include "common.h"

namespace ranklens::app {

/// Verdicts and the tables of arms and stages, for the terminal.
std::string summary(const report::ReportData& data);
/// The verdicts for --json.
Json verdicts_json(const report::ReportData& data);
/// Writes report.html and a CSV file a table; returns their names.
std::vector<std::string> write_pages(const std::filesystem::path& folder,
                                     const report::ReportData& data);

}  // namespace ranklens::app
