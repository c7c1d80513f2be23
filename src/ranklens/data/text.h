#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ranklens::data {

/// "train=100,shortcut(class=3,p=0.9),patch" as {train, 100}, {shortcut, class=3,p=0.9},
/// {patch, ""}. Error, begun with `what`, for unbalanced parentheses, an empty piece or a key given
/// twice.
std::vector<std::pair<std::string, std::string>> parse_pairs(std::string_view text,
                                                             std::string_view what);

/// A whole number in [low, high], or Error: "what is 'text'; ... is needed".
std::int64_t parse_integer(std::string_view text, std::string_view what, std::int64_t low,
                           std::int64_t high);

/// A number in [low, high], or Error.
double parse_number(std::string_view text, std::string_view what, double low, double high);

}  // namespace ranklens::data
