#include "ranklens/study/keys.h"

#include <algorithm>

#include <fmt/format.h>

namespace ranklens::study {
namespace {

constexpr std::string_view kUntrained = " untrained";
constexpr char kPair = '~';

}  // namespace

std::string method_name(std::string_view spec) {
  return std::string(spec.substr(0, std::min(spec.find('('), spec.size())));
}

std::string untrained_key(std::string_view method) {
  return fmt::format("{}{}", method, kUntrained);
}

std::optional<std::string_view> untrained_method(std::string_view key) {
  if (key.size() <= kUntrained.size() || !key.ends_with(kUntrained)) return std::nullopt;
  return key.substr(0, key.size() - kUntrained.size());
}

std::string pair_key(std::string_view first, std::string_view second) {
  return fmt::format("{}{}{}", first, kPair, second);
}

std::optional<std::pair<std::string_view, std::string_view>> pair_methods(std::string_view key) {
  const auto middle = key.find(kPair);
  if (middle == std::string_view::npos) return std::nullopt;
  return std::pair(key.substr(0, middle), key.substr(middle + 1));
}

}  // namespace ranklens::study
