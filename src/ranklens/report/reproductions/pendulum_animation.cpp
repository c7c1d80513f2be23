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

/// What a picture shows of rods: where their pivot is, and how long one of length one, in pixels.
struct Place {
  double x, y, scale;
};

/// The points where they are at the start.
std::string circles(const nlohmann::json& scene, const Place& place, double radius) {
  std::string points;
  for (const auto& point : scene.at("lengths")) {
    const double length = point.at(0).get<double>(), angle = point.at(1).get<double>();
    points += fmt::format(R"(<circle cx="{:.1f}" cy="{:.1f}" r="{}"/>)",
                          place.x + place.scale * length * std::sin(angle),
                          place.y + place.scale * length * std::cos(angle), radius);
  }
  return points;
}

/// By how many degrees a picture, whose y points down, turns them; angles here grow to the right
/// and upward.
double turned_by(const nlohmann::json& frame) {
  return -frame.at("phi").get<double>() * 180 / std::numbers::pi;
}

/// The points, turned about the pivot: they move as one.
std::string cloud(const nlohmann::json& scene, double seconds) {
  std::string turns;
  for (const auto& frame : scene.at("frames")) {
    turns += fmt::format("{}{:.3f} {} {}", turns.empty() ? "" : ";", turned_by(frame), kX, kY);
  }
  return fmt::format(
      R"(<g fill="#5b6b7a" fill-opacity="0.7">{}<animateTransform attributeName="transform" type="rotate" dur="{}s" repeatCount="indefinite" values="{}"/></g>)",
      circles(scene, {kX, kY, kScale}, 3), seconds, turns);
}

/// A line of one frame through the centre of its points.
std::string still_line(const nlohmann::json& frame, const char* which, const char* colour,
                       double scale) {
  const auto end = [&](std::size_t axis, double sign) {
    const double at = frame.at("centre").at(axis).get<double>() +
                      sign * 0.5 * frame.at(which).at(axis).get<double>();
    return axis == 0 ? scale * at : -scale * at;
  };
  return fmt::format(
      R"(<line stroke="{}" stroke-width="2" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>)",
      colour, end(0, -1), end(1, -1), end(0, 1), end(1, 1));
}

constexpr const char *kBestColour = "#1f77b4", *kFollowedColour = "#d9480f";

}  // namespace

std::string pendulum_animation(const nlohmann::json& scene, double seconds) {
  const auto& frames = scene.at("frames");
  return fmt::format(
      R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 270" width="800" role="img" font-family="sans-serif" font-size="13"><title>A swinging cloud, its best line and the followed one</title><rect width="400" height="270" fill="#ffffff"/>{}{}{}<circle cx="{}" cy="{}" r="4" fill="#111111"/><text x="10" y="20" fill="#1f77b4">best line of each frame</text><text x="10" y="38" fill="#d9480f">followed by BUG at rank 1</text></svg>)"
      "\n",
      cloud(scene, seconds), direction(frames, "best", kBestColour, seconds),
      direction(frames, "followed", kFollowedColour, seconds), kX, kY);
}

std::string pendulum_frames(const nlohmann::json& scene, double step) {
  constexpr std::size_t kCount = 10, kInRow = 5;
  constexpr double kRod = 90, kWide = 200, kHigh = 140;
  const auto& frames = scene.at("frames");
  std::string panels;
  for (std::size_t k = 0; k < kCount && !frames.empty(); ++k) {
    const auto at = (k * (frames.size() - 1) + (kCount - 1) / 2) / (kCount - 1);
    const auto& frame = frames[at];
    panels += fmt::format(
        R"svg(<g transform="translate({} {})"><use href="#cloud" transform="rotate({:.3f})"/>{}{}<circle r="3" fill="#111111"/><text x="-90" y="-10">{:.2f} s</text></g>)svg",
        kWide * (0.5 + static_cast<double>(k % kInRow)),
        40 + kHigh * static_cast<double>(k / kInRow), turned_by(frame),
        still_line(frame, "best", kBestColour, kRod),
        still_line(frame, "followed", kFollowedColour, kRod), static_cast<double>(at) * step);
  }
  return fmt::format(
      R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 310" width="1000" role="img" font-family="sans-serif" font-size="13"><title>Ten frames of the swing: the points, their best line and the followed one</title><rect width="1000" height="310" fill="#ffffff"/><defs><g id="cloud" fill="#5b6b7a" fill-opacity="0.7">{}</g></defs>{}<text x="10" y="303" fill="{}">best line of each frame</text><text x="180" y="303" fill="{}">followed by BUG at rank 1</text></svg>)"
      "\n",
      circles(scene, {0, 0, kRod}, 1.5), panels, kBestColour, kFollowedColour);
}

}  // namespace ranklens::report
