#include "spellings.h"

#include <array>
#include <utility>

#include <CLI/CLI.hpp>

namespace ranklens::app {
namespace {

constexpr std::array<std::pair<const char*, const char*>, 5> kSpellings{{
    {"--optimizer", "--optimiser"},
    {"--gray", "--grey"},
    {"--minimise", "--minimize"},
    {"--method", "--methods"},
    {"--metric", "--metrics"},
}};

}  // namespace

std::string as_spelt(const CLI::App& command, const std::string& flag) {
  const auto has = [&](const std::string& name) {
    return command.get_option_no_throw(name) != nullptr;
  };
  if (!flag.starts_with("--") || has(flag)) return flag;
  for (const auto& [one, other] : kSpellings) {
    if (flag == one && has(other)) return other;
    if (flag == other && has(one)) return one;
  }
  return flag;
}

}  // namespace ranklens::app
