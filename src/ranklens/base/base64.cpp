#include "ranklens/base/base64.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "ranklens/base/error.h"

namespace ranklens::base {
namespace {

constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> base64_values() {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < kBase64Digits.size(); ++i) {
    values[static_cast<unsigned char>(kBase64Digits[i])] = static_cast<std::int8_t>(i);
  }
  return values;
}

}  // namespace

std::string encode_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8U | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += k <= count ? kBase64Digits[group >> (18 - 6 * k) & 63U] : '=';
    }
  }
  return text;
}

std::string decode_base64(std::string_view text) {
  static constexpr auto kValues = base64_values();
  require(text.size() % 4 == 0, "base 64 text has a multiple of four characters, not {}",
          text.size());
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    auto group = text.substr(i, 4);
    if (i + 4 == text.size()) {
      for (int padding = 0; padding < 2 && group.ends_with('='); ++padding) group.remove_suffix(1);
    }
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const int value = k < group.size() ? kValues[static_cast<unsigned char>(group[k])] : 0;
      require(value >= 0, "base 64 text has no digit at character {}", i + k);
      bits = bits << 6U | static_cast<std::uint32_t>(value);
    }
    const std::size_t count = group.size() - 1;
    require((bits & ((1U << (8 * (3 - count))) - 1U)) == 0, "base 64 text ends with stray bits");
    for (std::size_t k = 0; k < count; ++k) bytes += static_cast<char>(bits >> (16 - 8 * k) & 255U);
  }
  return bytes;
}

}  // namespace ranklens::base
