#include "ranklens/report/page.h"

#include <algorithm>
#include <cmath>

#include "ranklens/base/base64.h"
#include "ranklens/base/error.h"
#include "ranklens/base/files.h"
#include "ranklens/base/markup.h"
#include "ranklens/report/format.h"
#include "ranklens/report/page_parts.h"
#include "ranklens/report/page_template.h"

namespace ranklens::report {

namespace {

template <class Items>
std::string label_of(const Items& items, const std::string& id) {
  const auto found =
      std::find_if(items.begin(), items.end(), [&](const auto& item) { return item.id == id; });
  return found == items.end() ? id : found->label;
}

/// Appends `text` up to `mark`, then `replacement`; removes both from `text`.
void replace_next(std::string& page, std::string_view& text, std::string_view mark,
                  const std::string& replacement) {
  const auto at = text.find(mark);
  if (at == std::string_view::npos) throw base::SystemError("the built-in report page is damaged");
  page += text.substr(0, at);
  page += replacement;
  text.remove_prefix(at + mark.size());
}

}  // namespace

std::string arm_label(const ReportData& data, const std::string& id) {
  return label_of(data.arms, id);
}

std::string method_label(const ReportData& data, const std::string& id) {
  return label_of(data.methods, id);
}

std::string_view name_of(Better better) {
  switch (better) {
    case Better::Higher:
      return "higher";
    case Better::Lower:
      return "lower";
    case Better::None:
      break;
  }
  return "";
}

std::string data_uri(std::string_view png) {
  return png.empty() ? "" : "data:image/png;base64," + base::encode_base64(png);
}

std::string svg_uri(std::string_view svg) {
  return "data:image/svg+xml;base64," + base::encode_base64(svg);
}

Estimate effect_of(const Verdict& verdict) { return estimate(verdict.verdict.difference); }

CellText effect_text(const Verdict& verdict) {
  const Estimate e = effect_of(verdict);
  double size = 0;
  for (const double part : {e.mean, e.low, e.high})
    if (std::isfinite(part)) size = std::max(size, std::abs(part));
  const int places = decimals(size);
  return {(e.mean > 0 ? "+" : "") + number(e.mean, places), interval(e, places)};
}

double effect_size(const Verdict& verdict) {
  return verdict.verdict.difference.count < 3 ? std::nan("") : verdict.verdict.effect;
}

std::string accuracy_text(const Verdict& verdict) {
  // A claim about no arm in particular is about none that could be the better classifier.
  if (verdict.arm.empty() && !verdict.accuracy_matched) return "";
  std::string text = "accuracy not compared";
  if (verdict.accuracy_matched) {
    switch (*verdict.accuracy_matched) {
      case study::Outcome::supported:
        text = "accuracies agree";
        break;
      case study::Outcome::contradicted:
        text = "accuracies differ";
        break;
      case study::Outcome::undecided:
        text = "accuracies not shown to agree";
        break;
    }
  }
  return verdict.accuracy_note.empty() ? text : text + ": " + verdict.accuracy_note;
}

std::string page(const ReportData& data) {
  std::string_view rest = page_template();
  if (rest.empty()) return plain_page(data);
  check(data);
  const std::string json = page_json(data);
  std::string result;
  result.reserve(rest.size() + json.size() + 65536);
  replace_next(result, rest, "<title>ranklens report</title>",
               "<title>" + base::escape_html(data.title) + "</title>");
  // Whoever reads without scripts still gets the verdicts and the tables.
  replace_next(result, rest, "</noscript>", plain_body(data) + "</noscript>");
  replace_next(result, rest, "id=\"data\">null</script>", "id=\"data\">" + json + "</script>");
  result += rest;
  return result;
}

void write_page(const std::filesystem::path& path, const ReportData& data) {
  base::write_file(path, page(data));
}

}  // namespace ranklens::report
