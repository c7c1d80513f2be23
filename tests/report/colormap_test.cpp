#include "ranklens/report/colormap.h"

#include <cmath>

#include <gtest/gtest.h>

#include "ranklens/base/error.h"

#include "testing/expect_error.h"

namespace ranklens::report {
namespace {

/// CIELAB lightness of an sRGB colour.
double lightness(const Rgb& rgb) {
  const double weights[] = {0.2126729, 0.7151522, 0.0721750};
  double y = 0;
  for (int c = 0; c < 3; ++c) {
    const double unit = rgb[c] / 255.0;
    y += weights[c] * (unit <= 0.04045 ? unit / 12.92 : std::pow((unit + 0.055) / 1.055, 2.4));
  }
  return 116 * (y > 216.0 / 24389 ? std::cbrt(y) : (24389.0 / 27 * y + 16) / 116) - 16;
}

void expect_near(const Rgb& actual, const Rgb& expected, int tolerance) {
  for (int c = 0; c < 3; ++c) EXPECT_NEAR(actual[c], expected[c], tolerance) << "channel " << c;
}

TEST(ColorMap, EvenMapsClimbInLightnessStepByStep) {
  for (const char* name : {"viridis", "magma"}) {
    const ColorMap& map = color_map(name);
    const double step = (lightness(map[255]) - lightness(map[0])) / 255;
    EXPECT_GT(step, 0.2) << name;
    // Over sixteen colours, so that rounding to bytes does not count; CIELAB itself is not even
    // near black.
    for (int i = 32; i + 16 < 256; ++i) {
      const double local = (lightness(map[i + 16]) - lightness(map[i])) / 16;
      EXPECT_NEAR(local / step, 1, 0.35) << name << " at " << i;
    }
  }
}

TEST(ColorMap, AgreesWithMatplotlib) {
  expect_near(color_map("viridis")[128], {33, 145, 140}, 3);
  expect_near(color_map("magma")[128], {183, 55, 121}, 3);
  expect_near(color_map("coolwarm")[0], {59, 76, 192}, 1);
  expect_near(color_map("coolwarm")[64], {141, 176, 254}, 3);
  expect_near(color_map("coolwarm")[127], {220, 221, 221}, 2);
  expect_near(color_map("coolwarm")[192], {244, 152, 122}, 3);
  expect_near(color_map("coolwarm")[255], {180, 4, 38}, 1);
  expect_near(color_map("jet")[0], {0, 0, 128}, 1);
  expect_near(color_map("jet")[64], {0, 128, 255}, 2);
  expect_near(color_map("jet")[192], {255, 148, 0}, 2);
  expect_near(color_map("jet")[128], {125, 255, 122}, 2);
  expect_near(color_map("jet")[255], {128, 0, 0}, 1);
}

TEST(ColorMap, DivergingMapIsLightestInTheMiddle) {
  const ColorMap& map = color_map("coolwarm");
  for (int i = 1; i < 128; ++i) EXPECT_GE(lightness(map[i]) + 0.5, lightness(map[i - 1]));
  for (int i = 129; i < 256; ++i) EXPECT_LE(lightness(map[i]) - 0.5, lightness(map[i - 1]));
}

TEST(ColorMap, UnknownNameIsRefusedWithTheNearest) {
  ranklens::testing::expect_error([] { color_map("viridi"); }, "'viridis'");
}

}  // namespace
}  // namespace ranklens::report
