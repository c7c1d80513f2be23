#include "ranklens/report/study_published.h"

#include <set>

#include "ranklens/study/arms.h"

namespace ranklens::report {

void add_published(const study::Results& results, ReportData& data) {
  std::set<std::string> networks;
  for (const auto& name : results.config.arms)
    networks.insert(study::arm(results.config, name).network);
  Table table{.id = "published",
              .title = "What was published of these networks",
              .note =
                  "In settings of its own, which differ from this study's in batches, rate, "
                  "epochs and in which layers are of low rank; shares of weights are by "
                  "its own count."};
  table.columns = {{.title = "Network"},
                   {.title = "Setting"},
                   {.title = "Accuracy", .format = Format::Percent, .decimals = 1},
                   {.title = "Weights saved", .format = Format::Percent, .decimals = 1}};
  for (const auto& row : results.config.published) {
    if (!networks.contains(row.network)) continue;
    table.rows.push_back(
        {{row.network, row.setting, row.accuracy, row.saved > 0 ? Cell(row.saved) : Cell()}});
  }
  if (!table.rows.empty()) data.tables.push_back(std::move(table));
}

}  // namespace ranklens::report
