#include "values.h"

#include <charconv>

#include "ranklens/base/error.h"
#include "ranklens/explain/methods.h"

namespace ranklens::app {

std::int64_t parse_bytes(const std::string& text) {
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string unit(stop, text.data() + text.size());
  const int shift = unit.empty() ? 0 : unit == "K" ? 10 : unit == "M" ? 20 : unit == "G" ? 30 : -1;
  base::require(error == std::errc() && shift >= 0 && value >= 1 && value < (std::int64_t{1} << 32),
                "'{}' is no amount of memory; write a number with K, M or G, such as 512M", text);
  return value << shift;
}

std::vector<std::string> split_list(const std::string& text) {
  auto parts = explain::split_specs(text);
  for (auto& part : parts) {
    part.erase(0, part.find_first_not_of(' '));
    part.erase(part.find_last_not_of(' ') + 1);
  }
  if (parts.size() > 1 && parts.back().empty()) parts.pop_back();
  return parts;
}

}  // namespace ranklens::app
