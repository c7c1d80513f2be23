#include "ranklens/report/reproductions/timings_printed.h"

namespace ranklens::report {
namespace {

/// Seconds, as printed.
constexpr double kDenseStep = 0.320, kDensePrediction = 1.248;
constexpr struct {
  std::int64_t rank;
  double step, prediction;
} kSeconds[] = {{5, 0.072, 0.247},   {10, 0.087, 0.249},  {20, 0.099, 0.250},  {40, 0.133, 0.248},
                {80, 0.199, 0.252},  {160, 0.388, 0.266}, {320, 0.855, 0.329}, {640, 2.25, 0.480},
                {1280, 7.61, 0.797}, {2560, 24.3, 1.430}};

}  // namespace

const std::vector<PrintedSpeedup>& printed_speedups() {
  static const auto all = [] {
    std::vector<PrintedSpeedup> made;
    for (const auto& [rank, step, prediction] : kSeconds)
      made.push_back({rank, kDenseStep / step, kDensePrediction / prediction});
    return made;
  }();
  return all;
}

}  // namespace ranklens::report
