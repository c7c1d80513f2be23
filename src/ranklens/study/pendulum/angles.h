#pragma once

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ranklens/study/pendulum/track.h"

namespace ranklens::study::pendulum {

/// All trackers, in the order in which they are shown.
const std::vector<Tracker>& trackers();

/// From line to line in the plane, directions [2] of any sign, counterclockwise, in radians from
/// -pi/2 to pi/2.
double angle_between(double from_x, double from_y, double to_x, double to_y);

/// How far each tracker's line of rank one is ahead of the best one, frame by frame, by its name:
/// the cloud of the cell "frames" of experiment() is followed again, by all of them.
std::map<std::string, std::vector<double>> followed_angles(const nlohmann::json& frames_cell);

}  // namespace ranklens::study::pendulum
