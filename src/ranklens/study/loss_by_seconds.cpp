#include "ranklens/study/loss_by_seconds.h"

#include <algorithm>

namespace ranklens::study {

double training_seconds(const std::vector<train::EpochMetrics>& history) {
  double sum = 0;
  for (const auto& epoch : history) sum += epoch.seconds;
  return sum;
}

std::optional<double> mean_loss_until(const std::vector<train::EpochMetrics>& history,
                                      double seconds) {
  if (!(seconds > 0)) return std::nullopt;
  double left = seconds, area = 0;
  for (const auto& epoch : history) {
    const double part = std::min(left, epoch.seconds);
    area += part * epoch.loss;
    left -= part;
    if (!(left > 0)) return area / seconds;
  }
  // What is left over is a rounding error where the whole training was asked for.
  return left <= 1e-9 * seconds ? std::optional(area / seconds) : std::nullopt;
}

}  // namespace ranklens::study
