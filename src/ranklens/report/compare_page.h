#pragma once

#include <string>

#include "ranklens/report/page.h"
#include "ranklens/study/compare.h"

namespace ranklens::report {

struct CompareLabels {
  std::string first, second;  ///< of the networks
  std::string command;
};

/// Both networks side by side, how their maps agree, and the `shown` images that moved most.
ReportData compare_page(const study::Comparison& found, const data::Dataset& data,
                        const CompareLabels& labels, std::int64_t shown = 16);

/// The table of both networks, and the one of their maps' agreement: for the terminal too.
Table compared_networks(const study::Comparison& found, const CompareLabels& labels);
Table compared_maps(const study::Comparison& found);

/// "+0.50 percentage points (95 % interval over images -1.20 to +2.20): 3 images lost, 4 gained";
/// without the interval where the change is the same on every image.
std::string accuracy_change(const study::Comparison& found);

}  // namespace ranklens::report
