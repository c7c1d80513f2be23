#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

/// The statistics of a study. The unit is the seed: values of images are averaged within a seed
/// first, so n is the number of trained networks, never the number of pictures.
namespace ranklens::study {

struct SeedValue {
  std::uint64_t seed = 0;
  double value = 0;
};

/// Mean and Student-t interval of n values.
struct Summary {
  std::int64_t count = 0;
  double mean = 0;
  double deviation = 0;  ///< standard deviation with n - 1; 0 for one value
  double level = 0.95;
  double lower = 0;  ///< mean -+ t(n - 1) deviation / sqrt(n); -+ infinity for one value
  double upper = 0;
};

/// Errors: no value, a value that is not finite, a level outside (0, 1).
Summary summarise(std::span<const double> values, double level = 0.95);
Summary summarise(std::span<const SeedValue> values, double level = 0.95);

/// Two arms measured on the same seeds.
struct PairedSamples {
  std::string first = "first";  ///< names of the arms, for sentences
  std::string second = "second";
  std::vector<std::uint64_t> seeds{};
  std::vector<double> first_values{};  ///< one a seed, in the order of `seeds`
  std::vector<double> second_values{};
  std::vector<std::uint64_t> unpaired{};  ///< seeds that only one arm has; not used
  /// What became of seeds that went wrong, a clause each: "tt from seed 7 diverged". They are not
  /// among the values, and forbid an answer.
  std::vector<std::string> lost{};
  /// Epochs trained and epochs of the full recipe; 0 where nothing was trained.
  std::int64_t epochs = 0;
  std::int64_t full_epochs = 0;
};

/// Matches two lists of seed values by seed. Error: a seed twice in one list.
PairedSamples pair_by_seed(std::span<const SeedValue> first, std::span<const SeedValue> second);

/// first - second, seed by seed.
std::vector<double> differences(const PairedSamples& samples);

/// Mean paired difference over its standard deviation, Cohen's d_z, times Hedges' correction for
/// small n: gamma(v/2) / (sqrt(v/2) gamma((v-1)/2)) with v = n - 1 (Hedges 1981; Lakens 2013). 0
/// for fewer than three pairs (the correction of two is 0) and where all differences are 0;
/// infinite where they are all alike and not 0.
double effect_size(const PairedSamples& samples);

}  // namespace ranklens::study
