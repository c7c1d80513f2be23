#pragma once

#include <string>
#include <vector>

#include "ranklens/compress/entropies.h"
#include "ranklens/report/page.h"

namespace ranklens::report {

/// A row a cut, layers as groups; for the terminal too.
Table entropy_table(const std::vector<compress::WeightEntropies>& layers, double alpha);

/// That table, and a plot of each cut's share of the entropy that it could have.
ReportData entropy_page(const std::vector<compress::WeightEntropies>& layers, double alpha,
                        const std::string& network, const std::string& command);

}  // namespace ranklens::report
