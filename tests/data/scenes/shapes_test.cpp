#include "ranklens/data/scenes/shapes.h"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "ranklens/data/scenes/figures.h"

namespace ranklens::data::scenes {
namespace {

using std::numbers::pi;

double covered(const Part& part, const Pose& pose, int size = 64) {
  const PlacedPart placed(part, pose);
  double sum = 0;
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) sum += placed.coverage(x + 0.5, y + 0.5);
  }
  return sum;
}

// Of half extents 1 and 1, in squares of the unit.
double unit_area(Shape shape) {
  switch (shape) {
    case Shape::disc:
      return pi;
    case Shape::ring:
      return pi * (1 - 0.58 * 0.58);
    case Shape::half_disc:
      return pi;  // half of an ellipse of half axes 1 and 2
    case Shape::box:
      return 4;
    case Shape::triangle:
      return 2;
  }
  return 0;
}

TEST(Shapes, CoverTheirAreaInAnyPose) {
  const Pose poses[] = {
      {.x = 31.3, .y = 32.8, .scale = 20},
      {.x = 30, .y = 33, .scale = 18, .turn = 0.7},
      {.x = 32, .y = 31, .scale = 18, .turn = -2, .stretch = 1.2, .mirror = true},
  };
  for (int s = 0; s < shape_count; ++s) {
    const Part part{.shape = static_cast<Shape>(s),
                    .x = 0.1,
                    .y = -0.05,
                    .width = 0.8,
                    .height = 0.55,
                    .turn = 0.4};
    for (const Pose& pose : poses) {
      const double wanted = unit_area(part.shape) * 0.8 * 0.55 * pose.scale * pose.scale;
      EXPECT_NEAR(covered(part, pose), wanted, 0.02 * wanted) << "shape " << s;
    }
  }
}

// Along an edge the coverage is that of a half plane: half on the edge, a pixel wide.
TEST(Shapes, CoverageIsARampOfOnePixel) {
  const PlacedPart box({.shape = Shape::box, .width = 0.5, .height = 0.25},
                       {.x = 16, .y = 16, .scale = 20});
  EXPECT_DOUBLE_EQ(box.coverage(16, 16), 1);
  EXPECT_NEAR(box.coverage(26, 16), 0.5, 1e-9);
  EXPECT_NEAR(box.coverage(26.25, 16), 0.25, 1e-9);
  EXPECT_DOUBLE_EQ(box.coverage(26.6, 16), 0);
  EXPECT_NEAR(box.distance(16, 24), 3, 1e-9);
  const PlacedPart disc({.shape = Shape::disc, .width = 1, .height = 1},
                        {.x = 0, .y = 0, .scale = 10});
  EXPECT_NEAR(disc.distance(6, 8), 0, 1e-6);
  EXPECT_NEAR(disc.distance(-9, -12), 5, 1e-6);
}

TEST(Shapes, ReachHoldsThePart) {
  for (int s = 0; s < shape_count; ++s) {
    const PlacedPart part(
        {.shape = static_cast<Shape>(s), .width = 0.9, .height = 0.3, .turn = 1.1},
        {.x = 32, .y = 32, .scale = 15, .turn = 0.5, .stretch = 1.1});
    for (int y = 0; y < 64; ++y) {
      for (int x = 0; x < 64; ++x) {
        if (part.coverage(x + 0.5, y + 0.5) == 0) continue;
        EXPECT_LE(std::abs(x + 0.5 - part.x()), part.reach());
        EXPECT_LE(std::abs(y + 0.5 - part.y()), part.reach());
      }
    }
  }
}

TEST(Shapes, AreaCountsOverlapOnce) {
  const Part disc{.shape = Shape::disc, .width = 0.8, .height = 0.8};
  const double wanted = 0.64 * pi;
  EXPECT_NEAR(area({disc}), wanted, 0.015 * wanted);
  EXPECT_NEAR(area({disc, disc}), wanted, 0.015 * wanted);
  Part left = disc, right = disc;
  left.x =
      -0.4;  // two circles a radius apart: the lens between them is (2 pi / 3 - sqrt(3) / 2) r^2
  right.x = 0.4;
  EXPECT_NEAR(area({left, right}), 2 * wanted - 0.64 * (2 * pi / 3 - std::sqrt(3) / 2),
              0.015 * wanted);
}

TEST(Figures, AreTenOfSharedParts) {
  ASSERT_EQ(figures().size(), 10U);
  int uses[shape_count] = {};
  for (const auto& figure : figures()) {
    EXPECT_GE(figure.parts.size(), 2U) << figure.name;
    bool has[shape_count] = {};
    for (const auto& part : figure.parts) {
      has[static_cast<int>(part.shape)] = true;
      // Inside the square on which area() counts.
      EXPECT_LE(std::abs(part.x) + part.width, 1.3) << figure.name;
      EXPECT_LE(std::abs(part.y) + part.height, 1.3) << figure.name;
    }
    for (int s = 0; s < shape_count; ++s) uses[s] += has[s];
  }
  for (int s = 0; s < shape_count; ++s) EXPECT_GE(uses[s], 2) << "shape " << s << " tells a class";
}

}  // namespace
}  // namespace ranklens::data::scenes
