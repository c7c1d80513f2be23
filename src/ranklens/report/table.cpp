#include "ranklens/report/table.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/report/format.h"

namespace ranklens::report {

namespace {

double mean_of(const Cell& cell) {
  if (const auto* value = std::get_if<double>(&cell)) return *value;
  if (const auto* value = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*value);
  if (const auto* value = std::get_if<Estimate>(&cell)) return value->mean;
  return std::numeric_limits<double>::quiet_NaN();
}

void check_shape(const Table& table) {
  for (const Row& row : table.rows)
    base::require(row.cells.size() == table.columns.size(),
                  "table '{}' has {} columns, but a row of {} cells", table.id,
                  table.columns.size(), row.cells.size());
}

/// One number of decimals for a column, fit for its largest number.
int column_decimals(const Table& table, std::size_t at) {
  const Format format = table.columns[at].format;
  if (table.columns[at].decimals >= 0) return table.columns[at].decimals;
  if (format == Format::Integer) return 0;
  if (format == Format::Percent) return 1;
  if (format == Format::Times) return 2;
  double largest = 0;
  for (const Row& row : table.rows) {
    const double size = std::abs(mean_of(row.cells[at]));
    if (std::isfinite(size)) largest = std::max(largest, size);
  }
  return decimals(largest);
}

CellText cell_text(const Cell& cell, Format format, int places) {
  if (std::holds_alternative<std::monostate>(cell)) return {};
  if (const auto* text = std::get_if<std::string>(&cell)) return {*text, ""};
  const double scale = format == Format::Percent ? 100 : 1;
  const bool whole = std::holds_alternative<std::int64_t>(cell) && format != Format::Percent;
  std::string text = number(scale * mean_of(cell), whole ? 0 : places);
  if (format == Format::Times && text != "–") text += " ×";
  const auto* estimate = std::get_if<Estimate>(&cell);
  if (!estimate) return {text, ""};
  return {text, interval({.mean = estimate->mean,
                          .low = scale * estimate->low,
                          .high = scale * estimate->high,
                          .count = estimate->count},
                         places)};
}

std::string arrow(Better better) {
  if (better == Better::None) return "";
  return better == Better::Higher ? " ↑" : " ↓";
}

std::string padded(const std::string& text, std::size_t width, bool right) {
  const std::string blank(width - std::min(width, display_width(text)), ' ');
  return right ? blank + text : text + blank;
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string result = "\"";
  for (const char c : text) result += c == '"' ? std::string("\"\"") : std::string(1, c);
  return result + "\"";
}

/// The shortest digits that read back as the same number; nothing for NaN.
std::string csv_number(double value) {
  return std::isfinite(value) ? fmt::format("{}", value) : "";
}

std::vector<std::string> csv_cells(const Cell& cell, bool estimates) {
  const auto* estimate = std::get_if<Estimate>(&cell);
  if (estimate)
    return {csv_number(estimate->mean), csv_number(estimate->low), csv_number(estimate->high),
            std::to_string(estimate->count)};
  std::string first;
  if (const auto* text = std::get_if<std::string>(&cell)) first = *text;
  if (const auto* value = std::get_if<double>(&cell)) first = csv_number(*value);
  if (const auto* value = std::get_if<std::int64_t>(&cell)) first = std::to_string(*value);
  if (estimates) return {first, "", "", ""};
  return {first};
}

std::string csv_line(const std::vector<std::string>& fields) {
  std::string line;
  for (std::size_t i = 0; i < fields.size(); ++i) line += (i ? "," : "") + csv_field(fields[i]);
  return line + "\r\n";
}

}  // namespace

std::string unit_of(const Column& column) {
  return column.unit.empty() && column.format == Format::Percent ? "%" : column.unit;
}

std::vector<std::vector<CellText>> cell_texts(const Table& table) {
  check_shape(table);
  std::vector<std::vector<CellText>> result(table.rows.size());
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const int places = column_decimals(table, c);
    for (std::size_t r = 0; r < table.rows.size(); ++r)
      result[r].push_back(cell_text(table.rows[r].cells[c], table.columns[c].format, places));
  }
  return result;
}

std::string to_text(const Table& table) {
  const auto texts = cell_texts(table);
  std::string header, line;
  std::vector<std::string> body(texts.size());
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const Column& column = table.columns[c];
    const bool right = column.format != Format::Text;
    const std::string unit = unit_of(column);
    const std::string title =
        column.title + (unit.empty() ? "" : " (" + unit + ")") + arrow(column.better);
    // Values stand under values, intervals under intervals.
    std::size_t text_width = 0, detail_width = 0;
    for (const auto& row : texts) {
      text_width = std::max(text_width, display_width(row[c].text));
      detail_width = std::max(detail_width, display_width(row[c].detail));
    }
    const std::size_t gap = detail_width > 0 ? 1 : 0;
    const std::size_t width = std::max(display_width(title), text_width + gap + detail_width);
    text_width = width - gap - detail_width;
    const std::string between = c > 0 ? "  " : "";
    header += between + padded(title, width, right);
    line += between;
    for (std::size_t i = 0; i < width; ++i) line += "─";
    for (std::size_t r = 0; r < texts.size(); ++r)
      body[r] += between + padded(texts[r][c].text, text_width, right) + std::string(gap, ' ') +
                 padded(texts[r][c].detail, detail_width, false);
  }
  const auto trimmed = [](const std::string& text) {
    return text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
  };
  std::string result = trimmed(header) + line + "\n", group;
  for (std::size_t r = 0; r < body.size(); ++r) {
    if (table.rows[r].group != group) result += (group = table.rows[r].group) + "\n";
    result += trimmed(body[r]);
  }
  return result;
}

std::string to_csv(const Table& table) {
  check_shape(table);
  const bool groups = std::any_of(table.rows.begin(), table.rows.end(),
                                  [](const Row& row) { return !row.group.empty(); });
  std::vector<std::string> header;
  std::vector<bool> estimates;
  if (groups) header.emplace_back("group");
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    estimates.push_back(std::any_of(table.rows.begin(), table.rows.end(), [c](const Row& row) {
      return std::holds_alternative<Estimate>(row.cells[c]);
    }));
    const std::string& title = table.columns[c].title;
    header.push_back(title);
    if (estimates.back())
      header.insert(header.end(), {title + " low", title + " high", title + " n"});
  }
  std::string result = csv_line(header);
  for (const Row& row : table.rows) {
    std::vector<std::string> fields;
    if (groups) fields.push_back(row.group);
    for (std::size_t c = 0; c < row.cells.size(); ++c) {
      const auto cells = csv_cells(row.cells[c], estimates[c]);
      fields.insert(fields.end(), cells.begin(), cells.end());
    }
    result += csv_line(fields);
  }
  return result;
}

}  // namespace ranklens::report
