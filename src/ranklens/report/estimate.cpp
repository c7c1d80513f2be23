#include "ranklens/report/estimate.h"

namespace ranklens::report {

Estimate estimate(const study::Summary& summary) {
  if (summary.count == 0) return {};
  Estimate made{.mean = summary.mean, .count = static_cast<int>(summary.count)};
  // One value has an interval without ends, which is none.
  if (summary.count > 1) made.low = summary.lower, made.high = summary.upper;
  return made;
}

Estimate estimate(std::span<const study::SeedValue> values) {
  return values.empty() ? Estimate{} : estimate(study::summarise(values));
}

}  // namespace ranklens::report
