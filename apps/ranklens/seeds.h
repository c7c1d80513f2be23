#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ranklens::app {

constexpr std::size_t kMostSeeds = 1000;

/// The first and those that follow it.
std::vector<std::uint64_t> consecutive(std::uint64_t first, std::size_t count);

/// "5": as many as that, beginning with those of the preset; "7,8,9": these; "7,": this one. An
/// Error for anything else, and for a seed that is given twice.
std::vector<std::uint64_t> parse_seeds(const std::string& text, std::vector<std::uint64_t> preset);

}  // namespace ranklens::app
