#pragma once

#include <cmath>
#include <vector>

#include "ranklens/report/page.h"

/// How the arms of the made-up study were trained.
namespace ranklens::sample {

inline constexpr std::uint64_t kSeeds[] = {13112022, 1, 2};

/// Something that looks like chance and is always the same.
inline double wave(int a, int b = 0, int c = 0) {
  return std::sin(12.9898 * a + 78.233 * b + 37.719 * c);
}

inline report::Estimate around(double mean, double half) {
  return {mean, mean - half, mean + half, 3};
}

std::vector<report::Arm> arms();
std::vector<report::Curve> curves();
/// Entropies by epoch, ranks whose mean over the seeds is no whole number, places with names.
std::vector<report::Chart> charts();

}  // namespace ranklens::sample
