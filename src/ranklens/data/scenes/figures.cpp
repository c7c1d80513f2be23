#include "ranklens/data/scenes/figures.h"

#include <numbers>

namespace ranklens::data::scenes {

const std::vector<Figure>& figures() {
  using enum Shape;
  constexpr double quarter = std::numbers::pi / 2;
  static const std::vector<Figure> all = {
      {"house",
       "a box under a triangle that is wider",
       {{box, 0, 0.44, 0.60, 0.52}, {triangle, 0, -0.46, 1.02, 0.46}}},
      {"tree",
       "two triangles above each other on a short bar",
       {{box, 0, 0.72, 0.20, 0.30},
        {triangle, 0, 0.10, 0.88, 0.48},
        {triangle, 0, -0.55, 0.64, 0.45}}},
      {"car",
       "a long box with a smaller one on top and two discs below",
       {{box, 0, 0.06, 1.0, 0.28},
        {box, -0.12, -0.42, 0.52, 0.28},
        {disc, -0.56, 0.48, 0.33, 0.33},
        {disc, 0.56, 0.48, 0.33, 0.33}}},
      {"boat",
       "a half disc upside down with a bar and a triangle on top",
       {{box, -0.05, -0.22, 0.11, 0.72},
        {triangle, 0.38, -0.28, 0.42, 0.56},
        {half_disc, 0, 0.62, 0.98, 0.34, 2 * quarter}}},
      {"snowman",
       "three discs above each other, smaller upwards",
       {{disc, 0, 0.52, 0.55, 0.52}, {disc, 0, -0.20, 0.42, 0.40}, {disc, 0, -0.74, 0.30, 0.30}}},
      {"dumbbell",
       "two upright boxes at the ends of a bar",
       {{box, 0, 0, 0.70, 0.17}, {box, -0.72, 0, 0.24, 0.58}, {box, 0.72, 0, 0.24, 0.58}}},
      {"key",
       "a ring at the end of a bar with two teeth",
       {{box, 0.38, 0, 0.72, 0.17},
        {box, 0.52, 0.34, 0.14, 0.28},
        {box, 0.96, 0.34, 0.14, 0.28},
        {ring, -0.62, 0, 0.52, 0.58}}},
      {"umbrella",
       "a half disc over a long bar with a short one at its foot",
       {{box, 0, 0.28, 0.11, 0.66},
        {box, 0.22, 0.86, 0.30, 0.11},
        {half_disc, 0, -0.50, 1.0, 0.42}}},
      {"person",
       "a disc above a box with a bar across and two bars below",
       {{box, -0.26, 0.70, 0.16, 0.40},
        {box, 0.26, 0.70, 0.16, 0.40},
        {box, 0, -0.22, 0.84, 0.15},
        {box, 0, 0.02, 0.42, 0.42},
        {disc, 0, -0.72, 0.32, 0.32}}},
      {"cup",
       "a box with a ring at its side",
       {{ring, 0.42, 0, 0.60, 0.52}, {box, -0.30, 0, 0.48, 0.74}}},
  };
  return all;
}

}  // namespace ranklens::data::scenes
