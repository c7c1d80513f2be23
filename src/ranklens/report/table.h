#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "ranklens/report/estimate.h"

namespace ranklens::report {

/// How the numbers of a column are read. Percent: the cell is a fraction, shown times 100.
/// Times: a ratio, shown as "1.25 ×".
enum class Format { Text, Number, Integer, Percent, Times };

struct Column {
  std::string title{};
  std::string unit{};  // beside the title; Percent adds its own "%"
  Format format = Format::Text;
  Better better = Better::None;
  std::string help{};  // one sentence, shown on hovering
  int decimals = -1;   // -1: as many as fit the column's largest number
};

/// Nothing, text, a number, a count, or a mean with its interval.
using Cell = std::variant<std::monostate, std::string, double, std::int64_t, Estimate>;

struct Row {
  std::vector<Cell> cells{};
  std::string group{};  // consecutive rows of one group stand under its name
};

/// A table as values: printed on the terminal, written as CSV, shown on the page.
struct Table {
  std::string id{};  // names the CSV file: [a-z0-9-]
  std::string title{};
  std::string note{};
  std::vector<Column> columns{};
  std::vector<Row> rows{};
  bool shown = true;  // false: for download only
};

/// A cell as it is read: the value, and the interval (or nothing) in smaller type beside it.
struct CellText {
  std::string text{};
  std::string detail{};
};

/// All cells as texts, in rows; the numbers of one column have the same decimals. Error if a row
/// has more or fewer cells than there are columns.
std::vector<std::vector<CellText>> cell_texts(const Table& table);

/// The unit shown with a column: its own, or "%" for Percent.
std::string unit_of(const Column& column);

/// Aligned columns for a terminal, numbers to the right, with a line under the header, arrows
/// for the better direction, and a new line at the end.
std::string to_text(const Table& table);

/// RFC 4180 with a header. Numbers at full precision and as stored (fractions, not percent); a
/// column with estimates becomes four: mean, "… low", "… high", "… n". Groups, if any, come first.
std::string to_csv(const Table& table);

}  // namespace ranklens::report
