#include "checks.h"

#include <cmath>

#include <fmt/format.h>

#include "ranklens/base/text.h"

namespace ranklens::app {
namespace {

/// `sentence` is what --help shows as well: "a whole number above 0".
template <class Test>
CLI::Validator check_of(const std::string& shown, const std::string& sentence, const Test& good) {
  return {[=](std::string& text) {
            return good(text) ? std::string() : fmt::format("takes {}, not '{}'", sentence, text);
          },
          shown};
}

}  // namespace

CLI::Validator whole_number(std::int64_t least, std::int64_t most) {
  const auto sentence = most < kAnyWhole ? fmt::format("a whole number from {} to {}", least, most)
                        : least == 1     ? std::string("a whole number above 0")
                                         : fmt::format("a whole number of {} or more", least);
  const auto shown = most < kAnyWhole ? fmt::format("in [{} - {}]", least, most)
                     : least == 1     ? std::string("above 0")
                                      : fmt::format(">= {}", least);
  return check_of(shown, sentence, [=](const std::string& text) {
    const auto value = base::parse_number<std::int64_t>(text);
    return value && *value >= least && *value <= most;
  });
}

CLI::Validator number(double least, double most) {
  const auto sentence = most < kAnyNumber ? fmt::format("a number from {:g} to {:g}", least, most)
                                          : fmt::format("a number of {:g} or more", least);
  const auto shown = most < kAnyNumber ? fmt::format("in [{:g} - {:g}]", least, most)
                                       : fmt::format(">= {:g}", least);
  return check_of(shown, sentence, [=](const std::string& text) {
    const auto value = base::parse_number<double>(text);
    return value && std::isfinite(*value) && *value >= least && *value <= most;
  });
}

CLI::Validator number_above_zero() {
  return check_of("above 0", "a number above 0", [](const std::string& text) {
    const auto value = base::parse_number<double>(text);
    return value && std::isfinite(*value) && *value > 0;
  });
}

CLI::Validator seed_number() {
  return check_of("", "a whole number of 0 or more, below 2^64", [](const std::string& text) {
    return base::parse_number<std::uint64_t>(text).has_value();
  });
}

}  // namespace ranklens::app
