#include "ranklens/study/loss_by_seconds.h"

#include <algorithm>

namespace ranklens::study {

train::Clock clock_of(const std::vector<Cell>& cells) {
  const bool measured = std::all_of(cells.begin(), cells.end(), [](const Cell& cell) {
    return train::has_processor_seconds(cell.history);
  });
  return measured ? train::Clock::processor : train::Clock::wall;
}

double training_seconds(const std::vector<train::EpochMetrics>& history, train::Clock clock) {
  double sum = 0;
  for (const auto& epoch : history) sum += train::seconds_of(epoch, clock);
  return sum;
}

std::optional<double> mean_loss_until(const std::vector<train::EpochMetrics>& history,
                                      double seconds, train::Clock clock) {
  if (!(seconds > 0)) return std::nullopt;
  double left = seconds, area = 0;
  for (const auto& epoch : history) {
    const double part = std::min(left, train::seconds_of(epoch, clock));
    area += part * epoch.loss;
    left -= part;
    if (!(left > 0)) return area / seconds;
  }
  // What is left over is a rounding error where the whole training was asked for.
  return left <= 1e-9 * seconds ? std::optional(area / seconds) : std::nullopt;
}

}  // namespace ranklens::study
