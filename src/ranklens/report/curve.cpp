#include "ranklens/report/curve.h"

namespace ranklens::report {

Curve curve_of(const std::string& arm, std::uint64_t seed,
               const std::vector<train::EpochMetrics>& history) {
  Curve curve{.arm = arm, .seed = seed};
  double seconds = 0;
  for (const auto& epoch : history) {
    curve.epoch.push_back(static_cast<double>(epoch.epoch));
    curve.seconds.push_back(seconds += epoch.seconds);
    curve.train_loss.push_back(epoch.loss);
    curve.train_accuracy.push_back(epoch.accuracy);
    curve.validation_loss.push_back(epoch.validation_loss);
    curve.validation_accuracy.push_back(epoch.validation_accuracy);
  }
  return curve;
}

}  // namespace ranklens::report
