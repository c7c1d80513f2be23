#include "ranklens/base/utf8.h"

#include <algorithm>

#include "ranklens/base/error.h"

namespace ranklens::base {
namespace {

/// How many bytes a code point has, by its first one; 0 where that cannot be first.
std::size_t utf8_length(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xC2) return 0;  // a continuation byte, or the start of an overlong form
  if (first < 0xE0) return 2;
  if (first < 0xF0) return 3;
  return first < 0xF5 ? 4 : 0;
}

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80; }

bool is_scalar_value(char32_t point, std::size_t length) {
  constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  return point >= least[length] && point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
}

char utf8_byte(char32_t bits) { return static_cast<char>(static_cast<unsigned char>(bits)); }

}  // namespace

std::optional<CodePoint> first_code_point(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const auto first = static_cast<unsigned char>(text.front());
  const auto length = utf8_length(first);
  if (length == 0 || length > text.size()) return std::nullopt;
  char32_t point = length == 1 ? first : first & (0x7FU >> length);
  for (const char byte : text.substr(1, length - 1)) {
    if (!continues(byte)) return std::nullopt;
    point = (point << 6U) | (static_cast<unsigned char>(byte) & 0x3FU);
  }
  if (!is_scalar_value(point, length)) return std::nullopt;
  return CodePoint{point, length};
}

std::u32string decode_utf8(std::string_view text) {
  std::u32string points;
  points.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto point = first_code_point(text.substr(at));
    require(point.has_value(), "the text is no UTF-8 from byte {} on, which is {:#04x}", at,
            static_cast<unsigned>(static_cast<unsigned char>(text[at])));
    points.push_back(point->value);
    at += point->bytes;
  }
  return points;
}

std::string encode_utf8(char32_t point) {
  if (point < 0x80) return {utf8_byte(point)};
  const auto tail = [point](unsigned shift) {
    return utf8_byte(0x80U | ((point >> shift) & 0x3FU));
  };
  if (point < 0x800) return {utf8_byte(0xC0U | (point >> 6U)), tail(0)};
  if (point < 0x10000) return {utf8_byte(0xE0U | (point >> 12U)), tail(6), tail(0)};
  return {utf8_byte(0xF0U | (point >> 18U)), tail(12), tail(6), tail(0)};
}

std::size_t count_code_points(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char byte) { return !continues(byte); }));
}

}  // namespace ranklens::base
