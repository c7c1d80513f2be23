#include "ranklens/study/pendulum/angles.h"

#include <cmath>
#include <numbers>

#include <ATen/ops/tensor.h>

#include "ranklens/study/pendulum/motion.h"

namespace ranklens::study::pendulum {
namespace {

Cloud cloud_of(const nlohmann::json& frames_cell) {
  std::vector<double> lengths, angles;
  for (const auto& point : frames_cell.at("lengths")) {
    lengths.push_back(point.at(0).get<double>());
    angles.push_back(point.at(1).get<double>());
  }
  return {at::tensor(lengths, at::kDouble), at::tensor(angles, at::kDouble)};
}

}  // namespace

const std::vector<Tracker>& trackers() {
  static const std::vector<Tracker> all{Tracker::fixed_bug, Tracker::augmented_bug,
                                        Tracker::parallel_bug, Tracker::splitting, Tracker::naive};
  return all;
}

double angle_between(double from_x, double from_y, double to_x, double to_y) {
  const double angle = std::atan2(from_x * to_y - from_y * to_x, from_x * to_x + from_y * to_y);
  // A line has two directions.
  if (angle > std::numbers::pi / 2) return angle - std::numbers::pi;
  return angle < -std::numbers::pi / 2 ? angle + std::numbers::pi : angle;
}

std::map<std::string, std::vector<double>> followed_angles(const nlohmann::json& frames_cell) {
  const auto cloud = cloud_of(frames_cell);
  const auto& frames = frames_cell.at("frames");
  std::vector<at::Tensor> path;
  for (const auto& frame : frames) path.push_back(centred(cloud, frame.at("phi").get<double>()));
  std::map<std::string, std::vector<double>> found;
  for (const auto tracker : trackers()) {
    const auto followed = track(path, {.tracker = tracker});
    auto& angles = found[to_string(tracker)];
    for (std::size_t k = 0; k < followed.size(); ++k) {
      const auto& best = frames[k].at("best");
      const auto& v = followed[k].v;
      angles.push_back(angle_between(best.at(0).get<double>(), best.at(1).get<double>(),
                                     v[0][0].item<double>(), v[1][0].item<double>()));
    }
  }
  return found;
}

}  // namespace ranklens::study::pendulum
