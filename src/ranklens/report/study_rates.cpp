#include "ranklens/report/study_rates.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ranklens/study/arms.h"
#include "ranklens/study/rates.h"

namespace ranklens::report {
namespace {

bool is_decided(const study::Results& results, const std::string& arm) {
  return !study::next_rate(results.config.rates, results.rates, arm);
}

/// Of all arms, ascending.
std::vector<double> all_factors(const study::Results& results) {
  std::set<double> factors(results.config.rates.begin(), results.config.rates.end());
  for (const auto& trial : results.rates) factors.insert(trial.factor);
  return {factors.begin(), factors.end()};
}

bool is_at_an_end(const study::Results& results, const std::string& arm) {
  const double best = study::best_rate(results.rates, arm);
  bool lower = false, higher = false;
  for (const auto& trial : results.rates) {
    if (trial.arm != arm) continue;
    lower = lower || trial.factor < best;
    higher = higher || trial.factor > best;
  }
  return !lower || !higher;
}

/// Cells begin empty, and stay so where a training is missing.
Row row_of(const study::Results& results, const std::string& arm,
           const std::vector<double>& factors) {
  Row row;
  row.cells.resize(factors.size() + 3);
  row.cells[0] = study::arm_label(arm);
  row.cells[1] = study::optimiser_of(results.config, arm);
  for (const auto& trial : results.rates) {
    const auto at = std::find(factors.begin(), factors.end(), trial.factor);
    if (trial.arm != arm || at == factors.end()) continue;
    auto& cell = row.cells[2 + static_cast<std::size_t>(at - factors.begin())];
    if (std::isnan(trial.loss)) {
      cell = std::string("diverged");
    } else {
      cell = trial.loss;
    }
  }
  if (is_decided(results, arm))
    row.cells.back() = fmt::format("× {}", study::best_rate(results.rates, arm));
  return row;
}

std::string seeds_told(const study::Config& config) {
  const auto seeds = study::rate_seeds(config);
  if (seeds.size() == 1) return fmt::format("from seed {}, which no verdict sees", seeds.front());
  return fmt::format(
      "the mean of seeds {}, which no verdict sees; a factor at which one diverged "
      "is passed over",
      fmt::join(seeds, ", "));
}

}  // namespace

void add_rates(const study::Results& results, ReportData& data) {
  if (results.rates.empty()) return;
  const auto factors = all_factors(results);
  Table table{
      .id = "rates",
      .title = "Choice of learning rates",
      .note = fmt::format("Loss after the last epoch on a tenth of the training images that "
                          "was held out, {}, by factor on the arm's learning rate.",
                          seeds_told(results.config))};
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
    table.rows.push_back(row_of(results, arm, factors));
    if (is_decided(results, arm) && is_at_an_end(results, arm))
      ends.push_back(study::arm_label(arm));
  }
  data.tables.push_back(std::move(table));
  if (ends.empty()) return;
  data.notes.push_back(
      fmt::format("The learning rate chosen for {} is the lowest or the highest "
                  "that was tried: a better one may lie beyond.",
                  fmt::join(ends, ", ")));
}

}  // namespace ranklens::report
