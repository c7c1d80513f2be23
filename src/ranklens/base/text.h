#pragma once

#include <charconv>
#include <optional>
#include <string_view>

/// Small pieces of text, and numbers in them.
namespace ranklens::base {

/// Without spaces at its ends.
inline std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// The number that the whole text is, in the C locale; nothing if it is not one, or none that a
/// Number can hold.
template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end ? std::optional(value) : std::nullopt;
}

}  // namespace ranklens::base
