#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

/// Numbers as files of this project's formats hold them: least byte first.
namespace ranklens::base {

static_assert(std::endian::native == std::endian::little, "files are read as they lie in memory");

/// The number at byte `at`; the caller has checked the length.
template <class Number>
Number number_at(std::string_view bytes, std::size_t at) {
  Number value{};
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

/// Appends the lowest `count` bytes of a value.
inline void append_number(std::string& bytes, std::uint64_t value, int count) {
  for (int i = 0; i < count; ++i) bytes += static_cast<char>(value >> (8 * i) & 255U);
}

}  // namespace ranklens::base
