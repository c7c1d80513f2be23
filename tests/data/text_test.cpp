#include "ranklens/data/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/expect_error.h"

namespace ranklens::data {
namespace {

using ::testing::ElementsAre;
using testing::expect_error;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(Pairs, SplitsAtCommasOutsideParentheses) {
  EXPECT_THAT(parse_pairs("a=1,b(c=2,d(e)),f", "x"),
              ElementsAre(Pair("a", "1"), Pair("b", "c=2,d(e)"), Pair("f", "")));
  EXPECT_THAT(parse_pairs("", "x"), IsEmpty());
  EXPECT_THAT(parse_pairs("a=", "x"), ElementsAre(Pair("a", "")));
}

TEST(Pairs, RefusesWhatDoesNotRead) {
  expect_error([] { parse_pairs("a(b", "x"); }, "x: the parentheses of 'a(b' do not match");
  expect_error([] { parse_pairs("a)b(", "x"); }, "do not match");
  expect_error([] { parse_pairs("a(b)c", "x"); }, "do not match");
  expect_error([] { parse_pairs("a,,b", "x"); }, "has no name");
  expect_error([] { parse_pairs("a,", "x"); }, "has no name");
  expect_error([] { parse_pairs("=3", "x"); }, "'=3' has no name");
  expect_error([] { parse_pairs("a=1,a=2", "x"); }, "'a' is given twice");
}

TEST(Numbers, AreWholeTextsWithinBounds) {
  EXPECT_EQ(parse_integer("42", "n", 0, 42), 42);
  EXPECT_EQ(parse_number("0.5", "p", 0, 1), 0.5);
  for (const char* bad : {"", "43", "-1", "4x", "1e1", " 4", "99999999999999999999"}) {
    expect_error([&] { parse_integer(bad, "n", 0, 42); }, "a whole number from 0 to 42 is needed");
  }
  for (const char* bad : {"", "1.01", "nan", "inf", "0.5%"}) {
    expect_error([&] { parse_number(bad, "p", 0, 1); }, "a number from 0 to 1 is needed");
  }
}

}  // namespace
}  // namespace ranklens::data
