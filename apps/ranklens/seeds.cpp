#include "seeds.h"

#include <algorithm>
#include <numeric>

#include "ranklens/base/error.h"
#include "ranklens/base/text.h"

#include "values.h"

namespace ranklens::app {
namespace {

std::uint64_t parse_seed(const std::string& text) {
  const auto value = base::parse_number<std::uint64_t>(text);
  base::require(value.has_value(),
                "'{}' is no seed; write a number of seeds (--seeds 5) or a list (--seeds 7,8,9)",
                text);
  return *value;
}

std::vector<std::uint64_t> parse_list(const std::string& text) {
  std::vector<std::uint64_t> seeds;
  for (const auto& part : split_list(text)) {
    const auto seed = parse_seed(part);
    base::require(std::find(seeds.begin(), seeds.end(), seed) == seeds.end(),
                  "seeds are each given once, and {} is given twice", seed);
    seeds.push_back(seed);
  }
  return seeds;
}

}  // namespace

std::vector<std::uint64_t> consecutive(std::uint64_t first, std::size_t count) {
  std::vector<std::uint64_t> seeds(count);
  std::iota(seeds.begin(), seeds.end(), first);
  return seeds;
}

std::vector<std::uint64_t> parse_seeds(const std::string& text, std::vector<std::uint64_t> preset) {
  if (text.find(',') != std::string::npos) return parse_list(text);
  const auto count = parse_seed(text);
  base::require(count >= 1 && count <= kMostSeeds, "give from 1 to {} seeds, not {}", kMostSeeds,
                count);
  auto seeds = std::move(preset);
  for (std::uint64_t next = 1; seeds.size() < count; ++next) {
    if (std::find(seeds.begin(), seeds.end(), next) == seeds.end()) seeds.push_back(next);
  }
  seeds.resize(count);
  return seeds;
}

}  // namespace ranklens::app
