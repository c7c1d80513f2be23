#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "ranklens/report/reproductions/pendulum_page.h"

namespace ranklens::report {
namespace {

constexpr double kScale = 180, kX = 200, kY = 40;  // of a rod of length one, in pixels

/// "<animate>" of one attribute through all frames.
template <class Value>
std::string animated(const char* attribute, const nlohmann::json& frames, double seconds,
                     Value value) {
  std::string values;
  for (const auto& frame : frames) {
    values += fmt::format("{}{:.1f}", values.empty() ? "" : ";", value(frame));
  }
  return fmt::format(
      R"(<animate attributeName="{}" dur="{}s" repeatCount="indefinite" values="{}"/>)", attribute,
      seconds, values);
}

/// A line through the centre along a direction of each frame.
std::string direction(const nlohmann::json& frames, const char* which, const char* colour,
                      double seconds) {
  const auto end = [&](std::size_t axis, double sign) {
    return [=](const nlohmann::json& frame) {
      const double at = frame.at("centre").at(axis).get<double>() +
                        sign * 0.5 * frame.at(which).at(axis).get<double>();
      return axis == 0 ? kX + kScale * at : kY - kScale * at;
    };
  };
  return fmt::format(
      R"(<line stroke="{}" stroke-width="3">{}{}{}{}</line>)", colour,
      animated("x1", frames, seconds, end(0, -1)), animated("y1", frames, seconds, end(1, -1)),
      animated("x2", frames, seconds, end(0, 1)), animated("y2", frames, seconds, end(1, 1)));
}

/// The points where they are at the start, turned about the pivot: they move as one.
std::string cloud(const nlohmann::json& scene, double seconds) {
  std::string points, turns;
  for (const auto& point : scene.at("lengths")) {
    const double length = point.at(0).get<double>(), angle = point.at(1).get<double>();
    points +=
        fmt::format(R"(<circle cx="{:.1f}" cy="{:.1f}" r="3"/>)",
                    kX + kScale * length * std::sin(angle), kY + kScale * length * std::cos(angle));
  }
  for (const auto& frame : scene.at("frames")) {
    // Angles grow to the right here and clockwise in a picture whose y points down.
    turns += fmt::format("{}{:.3f} {} {}", turns.empty() ? "" : ";",
                         -frame.at("phi").get<double>() * 180 / std::numbers::pi, kX, kY);
  }
  return fmt::format(
      R"(<g fill="#5b6b7a" fill-opacity="0.7">{}<animateTransform attributeName="transform" type="rotate" dur="{}s" repeatCount="indefinite" values="{}"/></g>)",
      points, seconds, turns);
}

}  // namespace

std::string pendulum_animation(const nlohmann::json& scene, double seconds) {
  const auto& frames = scene.at("frames");
  return fmt::format(
      R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 270" width="800" role="img" font-family="sans-serif" font-size="13"><title>A swinging cloud, its best line and the followed one</title><rect width="400" height="270" fill="#ffffff"/>{}{}{}<circle cx="{}" cy="{}" r="4" fill="#111111"/><text x="10" y="20" fill="#1f77b4">best line of each frame</text><text x="10" y="38" fill="#d9480f">followed by BUG at rank 1</text></svg>)"
      "\n",
      cloud(scene, seconds), direction(frames, "best", "#1f77b4", seconds),
      direction(frames, "followed", "#d9480f", seconds), kX, kY);
}

}  // namespace ranklens::report
