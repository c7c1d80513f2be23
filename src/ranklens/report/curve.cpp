#include "ranklens/report/curve.h"

namespace ranklens::report {

Curve curve_of(const std::string& arm, std::uint64_t seed,
               const std::vector<train::EpochMetrics>& history, train::Clock clock) {
  Curve curve{.arm = arm, .seed = seed};
  double seconds = 0;
  for (const auto& epoch : history) {
    curve.epoch.push_back(static_cast<double>(epoch.epoch));
    curve.seconds.push_back(seconds += train::seconds_of(epoch, clock));
    curve.train_loss.push_back(epoch.loss);
    curve.train_accuracy.push_back(epoch.accuracy);
    curve.validation_loss.push_back(epoch.validation_loss);
    curve.validation_accuracy.push_back(epoch.validation_accuracy);
  }
  return curve;
}

std::string seconds_title(train::Clock clock) {
  return clock == train::Clock::processor ? "processor seconds of training" : "seconds of training";
}

}  // namespace ranklens::report
