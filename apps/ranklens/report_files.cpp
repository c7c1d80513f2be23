#include "report_files.h"

#include <fmt/format.h>

#include "ranklens/base/files.h"

namespace ranklens::app {

std::string summary(const report::ReportData& data) {
  std::string text;
  for (const auto& item : data.verdicts) {
    text += fmt::format("{:<12}  {}\n              {}\n", study::to_string(item.verdict.outcome),
                        item.claim.text, item.verdict.reason);
  }
  for (const auto& table : report::tables(data)) {
    if (table.shown && (table.id == "arms" || table.id == "stages"))
      text += "\n" + table.title + "\n" + report::to_text(table);
  }
  return text;
}

Json verdicts_json(const report::ReportData& data) {
  Json all = Json::array();
  for (const auto& item : data.verdicts) {
    // JSON has no infinity: a single seed's interval is [null, null].
    const auto& difference = item.verdict.difference;
    const bool any = difference.count > 0;
    all.push_back({{"claim", item.claim.text},
                   {"verdict", study::to_string(item.verdict.outcome)},
                   {"tendency", study::to_string(item.verdict.tendency)},
                   {"measure", item.measure},
                   {"unit", item.unit},
                   {"difference", any ? Json(difference.mean) : Json()},
                   {"interval", any ? Json{difference.lower, difference.upper} : Json()},
                   {"seeds", difference.count},
                   {"each", item.claim.each},
                   {"reason", item.verdict.reason}});
  }
  return all;
}

std::vector<std::string> write_pages(const std::filesystem::path& folder,
                                     const report::ReportData& data) {
  std::vector<std::string> files{"report.html"};
  report::write_page(folder / files.front(), data);
  for (const auto& table : report::tables(data)) {
    files.push_back(table.id + ".csv");
    base::write_file(folder / files.back(), report::to_csv(table));
  }
  return files;
}

}  // namespace ranklens::app
