#include "ranklens/report/study_entropies.h"

#include <algorithm>
#include <set>

#include <fmt/ranges.h>

#include "ranklens/study/arms.h"

namespace ranklens::report {
namespace {

constexpr std::string_view kEntropy = "entropy ";

/// "bond 1", "bond 2", "core 2": what any epoch of any cell has.
std::set<std::string> cuts_of(const study::Results& results) {
  std::set<std::string> cuts;
  for (const auto& cell : results.cells)
    for (const auto& epoch : cell.history)
      for (const auto& [name, value] : epoch.observed)
        if (name.starts_with(kEntropy)) cuts.insert(name.substr(kEntropy.size()));
  return cuts;
}

ChartLine line_of(const study::Cell& cell, const std::string& cut) {
  ChartLine line{.arm = cell.arm, .seed = cell.seed, .x = {}, .y = {}};
  for (const auto& epoch : cell.history) {
    const auto found = epoch.observed.find(std::string(kEntropy) + cut);
    if (found == epoch.observed.end()) continue;
    line.x.push_back(static_cast<double>(epoch.epoch));
    line.y.push_back(found->second);
  }
  return line;
}

Chart chart_of(const study::Results& results, const std::string& cut) {
  const bool bond = cut.starts_with("bond");
  std::string id = cut;
  std::replace(id.begin(), id.end(), ' ', '-');
  const auto number = cut.substr(cut.find(' ') + 1);
  Chart chart{.id = "entropy-" + id,
              .title = fmt::format("Entropy of {} of the head", cut),
              .note = bond ? fmt::format("cores up to {} against those after it", number)
                           : fmt::format("the modes of core {} against all others", number),
              .x_title = "epoch",
              .y_title = "entropy (nats)",
              .lines = {},
              .dots = {}};
  for (const auto& cell : results.cells)
    if (auto line = line_of(cell, cut); !line.x.empty()) chart.lines.push_back(std::move(line));
  return chart;
}

bool has_entropies(const train::EpochMetrics& epoch) {
  return std::any_of(epoch.observed.begin(), epoch.observed.end(),
                     [](const auto& one) { return one.first.starts_with(kEntropy); });
}

/// Labels of the arms no cell of which has a value.
std::vector<std::string> without_entropies(const study::Results& results) {
  std::vector<std::string> labels;
  for (const auto& name : results.config.arms) {
    const bool there =
        std::any_of(results.cells.begin(), results.cells.end(), [&](const auto& cell) {
          return cell.arm == name &&
                 std::any_of(cell.history.begin(), cell.history.end(), has_entropies);
        });
    if (!there) labels.push_back(study::arm_label(name));
  }
  return labels;
}

}  // namespace

void add_entropies(const study::Results& results, ReportData& data) {
  for (const auto& cut : cuts_of(results)) data.charts.push_back(chart_of(results, cut));
  if (data.charts.empty()) return;
  data.chart_title = "Entanglement of the head";
  data.chart_note =
      "The head's weight as a tensor train: -sum p ln p of the squared Schmidt values of each "
      "bond, "
      "and of the modes of each inner core (those of the first and the last core are the bonds "
      "beside them). A head that is no tensor train is read with the modes of the TT of the same "
      "shape; the published TT head has a shape of its own. At a bond of rank r a TT cannot exceed "
      "ln r.";
  const auto missing = without_entropies(results);
  if (!missing.empty())
    data.chart_note += fmt::format(" Not recorded for {}.", fmt::join(missing, ", "));
}

}  // namespace ranklens::report
