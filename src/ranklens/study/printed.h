#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ranklens/study/verdict.h"

/// Runs of ours against a mean that others printed.
namespace ranklens::study {

struct Printed {
  double mean = 0;
  double deviation = 0;   ///< over their runs, with n - 1; 0: not printed
  std::int64_t runs = 0;  ///< behind the mean; below 2: not known, the mean is taken as exact
};

/// Our mean - the printed one, with the interval of two independent samples of unlike spread
/// (Welch 1947): squared errors add up, degrees of freedom are Satterthwaite's. Where the printed
/// mean is exact it is the interval of our own mean. `deviation` is the standard error times the
/// root of our count. Errors: those of summarise().
Summary difference_to(std::span<const double> ours, const Printed& printed, double level = 0.95);

/// The values of one arm, one a seed, and the mean that they are held against.
struct AgainstPrinted {
  std::string first, second;  ///< what sentences call them
  std::vector<SeedValue> values{};
  Printed printed{};
  std::vector<std::string> lost{};  ///< see PairedSamples::lost
};

/// As judge() of study/verdict.h. The effect is the difference over the root mean square of both
/// deviations (ours alone where the printed mean is exact) times Hedges' correction.
Verdict judge(const Claim& claim, const AgainstPrinted& samples);

}  // namespace ranklens::study
