#include "ranklens/base/utf8.h"

#include <gtest/gtest.h>

#include "testing/expect_error.h"

namespace ranklens::base {
namespace {

// The first and the last code point of each length, and the neighbours of the surrogates.
TEST(Utf8, EveryLengthComesBack) {
  struct Known {
    char32_t point;
    std::string bytes;
  };
  const Known known[] = {{0x7F, "\x7F"},
                         {0x80, "\xC2\x80"},
                         {0x7FF, "\xDF\xBF"},
                         {0x800, "\xE0\xA0\x80"},
                         {0xD7FF, "\xED\x9F\xBF"},
                         {0xE000, "\xEE\x80\x80"},
                         {0xFFFF, "\xEF\xBF\xBF"},
                         {0x10000, "\xF0\x90\x80\x80"},
                         {0x10FFFF, "\xF4\x8F\xBF\xBF"}};
  std::string all;
  std::u32string points;
  for (const auto& [point, bytes] : known) {
    EXPECT_EQ(encode_utf8(point), bytes);
    const auto found = first_code_point(bytes + "x");
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->value, point);
    EXPECT_EQ(found->bytes, bytes.size());
    all += bytes;
    points += point;
  }
  EXPECT_EQ(decode_utf8(all), points);
  EXPECT_EQ(count_code_points(all), points.size());
}

// Every scalar value, against the layout of bits in RFC 3629.
TEST(Utf8, EveryScalarValueComesBack) {
  for (char32_t point = 0; point <= 0x10FFFF; ++point) {
    if (point == 0xD800) point = 0xE000;
    const auto found = first_code_point(encode_utf8(point));
    ASSERT_TRUE(found.has_value()) << static_cast<std::uint32_t>(point);
    ASSERT_EQ(found->value, point);
  }
}

TEST(Utf8, MalformedTextIsRefusedWithItsByte) {
  const std::string malformed[] = {
      "\x80",              // a continuation byte alone
      "\xC3",              // cut short
      "\xE2\x82",          // cut short
      "\xE2\x28\xA1",      // no continuation byte
      "\xC0\xAF",          // overlong
      "\xE0\x80\x80",      // overlong
      "\xF0\x80\x80\x80",  // overlong
      "\xED\xA0\x80",      // a surrogate
      "\xF4\x90\x80\x80",  // above U+10FFFF
      "\xFF",
  };
  for (const auto& bytes : malformed) {
    EXPECT_FALSE(first_code_point(bytes).has_value());
    testing::expect_error([&] { decode_utf8("ab" + bytes); }, "no UTF-8 from byte 2 on");
  }
  EXPECT_FALSE(first_code_point("").has_value());
  EXPECT_TRUE(decode_utf8("").empty());
}

}  // namespace
}  // namespace ranklens::base
