#include "ranklens/base/text.h"

#include <cmath>
#include <cstdint>

#include <gtest/gtest.h>

namespace ranklens::base {
namespace {

TEST(Text, TrimTakesSpacesFromTheEnds) {
  EXPECT_EQ(trim("  a b "), "a b");
  EXPECT_EQ(trim("   "), "");
  EXPECT_EQ(trim(""), "");
}

TEST(Text, ANumberIsTheWholeText) {
  EXPECT_EQ(parse_number<std::int64_t>("-12"), -12);
  EXPECT_EQ(parse_number<double>("1e-3"), 1e-3);
  EXPECT_TRUE(std::isnan(*parse_number<double>("nan")));
  EXPECT_EQ(parse_number<std::uint64_t>("18446744073709551615"), ~std::uint64_t{0});
  for (const auto* text : {"", "x", "1 ", " 1", "+1", "1.5", "1,000", "9223372036854775808"}) {
    EXPECT_FALSE(parse_number<std::int64_t>(text)) << text;
  }
  EXPECT_FALSE(parse_number<std::uint64_t>("-1"));
  EXPECT_FALSE(parse_number<double>("1e999"));
}

}  // namespace
}  // namespace ranklens::base
