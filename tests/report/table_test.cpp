#include "ranklens/report/table.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "ranklens/base/error.h"
#include "ranklens/report/format.h"

namespace ranklens::report {
namespace {

constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();

TEST(Format, DecimalsShowThreeDigitsAtLeast) {
  EXPECT_EQ(number(123.456, decimals(123.456)), "123.5");
  EXPECT_EQ(number(12.3456, decimals(12.3456)), "12.35");
  EXPECT_EQ(number(1.23456, decimals(1.23456)), "1.235");
  EXPECT_EQ(number(0.5, decimals(0.5)), "0.500");
  EXPECT_EQ(number(0.00123456, decimals(0.00123456)), "0.00123");
  EXPECT_EQ(number(1.5e-9, decimals(1.5e-9)), "1.5e−09");
  EXPECT_EQ(number(4321.6, decimals(4321.6)), "4322");
  EXPECT_EQ(number(0, decimals(0)), "0.000");
}

TEST(Format, ThousandsAreSetApartAndMinusIsTypographic) {
  EXPECT_EQ(number(551146, 0), "551\u2009146");
  EXPECT_EQ(number(-1234567.25, 2), "−1\u2009234\u2009567.25");
  EXPECT_EQ(number(9999, 0), "9999");
  EXPECT_EQ(number(-0.0004, 3), "0.000");
}

TEST(Format, WhatIsNoNumberIsADash) {
  EXPECT_EQ(number(kNoNumber, 2), "–");
  EXPECT_EQ(number(std::numeric_limits<double>::infinity(), 2), "–");
  EXPECT_EQ(interval({.mean = 1, .count = 1}, 2), "");
  EXPECT_EQ(interval({.mean = 1, .low = -0.5, .high = 2.5, .count = 3}, 1), "[−0.5, 2.5]");
}

Table example() {
  return {
      .id = "t",
      .title = "T",
      .columns = {{.title = "Arm"},
                  {.title = "Accuracy", .format = Format::Percent, .better = Better::Higher},
                  {.title = "Time", .unit = "s", .format = Format::Number},
                  {.title = "Size", .format = Format::Integer}},
      .rows = {{.cells = {"dense", Estimate{0.843, 0.838, 0.848, 3}, 12.0, std::int64_t{551146}}},
               {.cells = {"größer, \"tt\"", Estimate{0.8, kNoNumber, kNoNumber, 1}, 0.5, Cell()}}}};
}

TEST(Table, CsvQuotesAndKeepsPrecision) {
  EXPECT_EQ(to_csv(example()),
            "Arm,Accuracy,Accuracy low,Accuracy high,Accuracy n,Time,Size\r\n"
            "dense,0.843,0.838,0.848,3,12,551146\r\n"
            "\"größer, \"\"tt\"\"\",0.8,,,1,0.5,\r\n");
}

TEST(Table, CsvOfALineBreakAndOfAThird) {
  Table table{.id = "t", .columns = {{.title = "a"}, {.title = "b", .format = Format::Number}}};
  table.rows = {{.cells = {"two\nlines", 1.0 / 3}}};
  const std::string csv = to_csv(table);
  EXPECT_EQ(csv.substr(0, 5), "a,b\r\n");
  EXPECT_EQ(csv.substr(5, 12), "\"two\nlines\",");
  EXPECT_EQ(std::stod(csv.substr(17)), 1.0 / 3);
}

TEST(Table, GroupsAreAColumnOfTheCsvAndALineOfTheText) {
  Table table{.id = "t", .columns = {{.title = "a"}}};
  table.rows = {{.cells = {"x"}, .group = "first"}, {.cells = {"y"}, .group = "second"}};
  EXPECT_EQ(to_csv(table), "group,a\r\nfirst,x\r\nsecond,y\r\n");
  EXPECT_EQ(to_text(table), "a\n─\nfirst\nx\nsecond\ny\n");
}

TEST(Table, TextIsAlignedByWhatIsSeen) {
  EXPECT_EQ(to_text(example()),
            "Arm              Accuracy (%) ↑  Time (s)     Size\n"
            "────────────  ─────────────────  ────────  ───────\n"
            "dense         84.3 [83.8, 84.8]     12.00  551\u2009146\n"
            "größer, \"tt\"  80.0                   0.50\n");
}

TEST(Table, ARowOfAnotherLengthIsRefused) {
  Table table = example();
  table.rows[0].cells.pop_back();
  EXPECT_THROW(to_csv(table), base::Error);
  EXPECT_THROW(to_text(table), base::Error);
}

}  // namespace
}  // namespace ranklens::report
