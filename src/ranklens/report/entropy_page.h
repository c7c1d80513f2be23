#pragma once

#include <string>
#include <vector>

#include "ranklens/compress/entropies.h"
#include "ranklens/report/page.h"

namespace ranklens::report {

/// A row a cut, layers as groups; for the terminal too.
Table entropy_table(const std::vector<compress::WeightEntropies>& layers, double alpha);

/// That table, and plots of each cut's entropy in nats and as a share of what a dense weight could
/// have.
ReportData entropy_page(const std::vector<compress::WeightEntropies>& layers, double alpha,
                        const std::string& network, const std::string& command);

}  // namespace ranklens::report
