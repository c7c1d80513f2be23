#pragma once

#include <cstdint>
#include <limits>

#include <CLI/CLI.hpp>

namespace ranklens::app {

constexpr std::int64_t kAnyWhole = std::numeric_limits<std::int64_t>::max();
constexpr double kAnyNumber = std::numeric_limits<double>::infinity();

/// Checks of what stands behind a flag, with sentences of their own: "--epochs takes a whole number
/// above 0, not 'abc'".

CLI::Validator whole_number(std::int64_t least, std::int64_t most = kAnyWhole);
CLI::Validator number(double least, double most);
/// Above 0, and finite.
CLI::Validator number_above_zero();
/// A seed: a whole number from 0 to 2^64 - 1.
CLI::Validator seed_number();

}  // namespace ranklens::app
