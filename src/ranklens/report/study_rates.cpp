#include "ranklens/report/study_rates.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ranklens/study/arms.h"
#include "ranklens/study/rates.h"

namespace ranklens::report {

void add_rates(const study::Results& results, ReportData& data) {
  if (results.rates.empty()) return;
  auto factors = results.config.rates;
  std::sort(factors.begin(), factors.end());
  Table table{
      .id = "rates",
      .title = "Choice of learning rates",
      .note = fmt::format("Loss after the last epoch on a tenth of the training images that "
                          "was held out, from seed {}, which no verdict sees, by factor on "
                          "the arm's learning rate.",
                          study::kRateSeed)};
  table.columns = {{.title = "Arm"}, {.title = "Optimiser"}};
  for (const double factor : factors) {
    table.columns.push_back({.title = fmt::format("× {}", factor),
                             .unit = "nats",
                             .format = Format::Number,
                             .better = Better::Lower,
                             .decimals = 4});
  }
  table.columns.push_back({.title = "Chosen"});
  std::vector<std::string> ends;
  for (const auto& arm : results.config.arms) {
    Row row{.cells = {study::arm_label(arm), study::optimiser_of(results.config, arm)}};
    std::size_t tried = 0;
    for (const double factor : factors) {
      const auto found = std::find_if(
          results.rates.begin(), results.rates.end(),
          [&](const auto& trial) { return trial.arm == arm && trial.factor == factor; });
      const bool there = found != results.rates.end();
      tried += there ? 1 : 0;
      if (there && std::isnan(found->loss)) {
        row.cells.emplace_back(std::string("diverged"));
      } else {
        row.cells.push_back(there ? Cell(found->loss) : Cell());
      }
    }
    const bool decided = tried == factors.size();
    const double best = study::best_rate(results.rates, arm);
    row.cells.push_back(decided ? Cell(fmt::format("× {}", best)) : Cell());
    if (decided && (best == factors.front() || best == factors.back()))
      ends.push_back(study::arm_label(arm));
    table.rows.push_back(std::move(row));
  }
  data.tables.push_back(std::move(table));
  if (ends.empty()) return;
  data.notes.push_back(
      fmt::format("The learning rate chosen for {} is the lowest or the highest "
                  "that was tried: a better one may lie beyond.",
                  fmt::join(ends, ", ")));
}

}  // namespace ranklens::report
