#include <fmt/format.h>

#include "ranklens/base/markup.h"
#include "ranklens/report/format.h"
#include "ranklens/report/page_parts.h"

namespace ranklens::report {

namespace {

std::string element(std::string_view tag, const std::string& text) {
  return "<" + std::string(tag) + ">" + base::escape_html(text) + "</" + std::string(tag) + ">\n";
}

std::string cell_html(std::string_view tag, const std::string& text, bool numeric) {
  return "<" + std::string(tag) + (numeric ? " align=\"right\">" : ">") + base::escape_html(text) +
         "</" + std::string(tag) + ">";
}

std::string table_html(const Table& table) {
  std::string html = element("h2", table.title) + "<table>\n<tr>";
  for (const Column& column : table.columns) {
    const std::string unit = unit_of(column);
    html += cell_html("th", column.title + (unit.empty() ? "" : " (" + unit + ")"),
                      column.format != Format::Text);
  }
  html += "</tr>\n";
  const auto texts = cell_texts(table);
  std::string group;
  for (std::size_t r = 0; r < texts.size(); ++r) {
    if (table.rows[r].group != group)
      html += "<tr>" + cell_html("th", group = table.rows[r].group, false) + "</tr>\n";
    html += "<tr>";
    for (std::size_t c = 0; c < texts[r].size(); ++c) {
      const auto& [text, detail] = texts[r][c];
      html += cell_html("td", detail.empty() ? text : fmt::format("{} {}", text, detail),
                        table.columns[c].format != Format::Text);
    }
    html += "</tr>\n";
  }
  return html + "</table>\n";
}

std::string verdict_html(const Verdict& v) {
  const CellText effect = effect_text(v);
  std::string text = v.measure + ": " + effect.text;
  if (!v.unit.empty()) text += " " + v.unit;
  if (!effect.detail.empty())
    text += ", " + number(100 * v.claim.level, 0) + " % interval " + effect.detail;
  const auto accuracy = accuracy_text(v);
  text += ". " + v.verdict.reason + (accuracy.empty() ? "" : " (" + accuracy + ")");
  std::string outcome(study::to_string(v.verdict.outcome));
  if (v.verdict.preliminary())
    outcome += " (preliminary: " + std::string(study::to_string(v.verdict.tendency)) + ")";
  return "<li><b>" + base::escape_html(v.claim.text) + ": " + outcome + ".</b> " +
         base::escape_html(text) + "</li>\n";
}

std::string picture_html(const std::string& png, const std::string& caption) {
  const std::string text = base::escape_html(caption);
  return "<figure><img alt=\"" + text + "\" src=\"" + data_uri(png) + "\"><figcaption>" + text +
         "</figcaption></figure>\n";
}

std::string pictures_html(const ReportData& data) {
  std::string html;
  for (const Figure& figure : data.figures) {
    const std::string text = base::escape_html(figure.title);
    html += "<figure><img alt=\"" + text + "\" src=\"" + svg_uri(figure.svg) + "\"><figcaption>" +
            text + "</figcaption></figure>\n";
  }
  for (const Photo& photo : data.images) {
    html += element("h2", "Image " + photo.title + (photo.label.empty() ? "" : ": " + photo.label));
    html += "<div>\n" + picture_html(photo.png, "image");
    for (const Map& map : data.maps)
      if (map.image == photo.id)
        html += picture_html(map.picture.png,
                             method_label(data, map.method) +
                                 (map.arm.empty() ? "" : ", " + arm_label(data, map.arm)));
    html += "</div>\n";
  }
  return html;
}

}  // namespace

std::string plain_body(const ReportData& data) {
  std::string html = element("h1", data.title);
  if (!data.lead.empty()) html += element("p", data.lead);
  if (!data.command.empty()) html += element("pre", data.command);
  for (const auto& [key, value] : data.facts)
    html += element("p", fmt::format("{}: {}", key, value));
  for (const auto& note : data.notes) html += element("p", note);
  if (!data.verdicts.empty()) html += "<ul>\n";
  for (const Verdict& verdict : data.verdicts) html += verdict_html(verdict);
  if (!data.verdicts.empty()) html += "</ul>\n";
  for (const Prediction& one : data.predictions) {
    // In a study every image has a prediction; only pages about few images list them in words.
    if (one.classes.size() < 2) continue;
    std::string text =
        "Image " + one.image + (one.arm.empty() ? "" : ", " + arm_label(data, one.arm)) + ":";
    for (const auto& [label, probability] : one.classes)
      text += " " + label + " " + number(100 * probability, 1) + " %;";
    text.back() = '.';
    html += element("p", text);
  }
  for (const Table& table : tables(data))
    if (table.shown) html += table_html(table);
  return html;
}

std::string plain_page(const ReportData& data) {
  check(data);
  return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"generator\" content=\"ranklens\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
         "'unsafe-inline'; img-src data:\">\n" +
         element("title", data.title) +
         "<style>\n:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }\n"
         "body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: break-word; "
         "}\n"
         "table { display: block; overflow-x: auto; border-spacing: 0; }\n"
         "th, td { padding: 0.2rem 0.7rem; text-align: left; border-bottom: 1px solid #8884; }\n"
         "[align=right] { text-align: right; }\npre { overflow-x: auto; }\n"
         "div { display: flex; flex-wrap: wrap; gap: 0.5rem; }\nfigure { margin: 0; font-size: "
         "0.8rem; "
         "width: 8rem; }\nimg { width: 100%; image-rendering: pixelated; "
         "}\n</style>\n</head>\n<body>\n" +
         plain_body(data) + pictures_html(data) +
         "<p>This program was built without the web front end (RANKLENS_WEB=OFF): plain tables and "
         "grey maps only.</p>\n</body>\n</html>\n";
}

}  // namespace ranklens::report
