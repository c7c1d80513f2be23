#include "ranklens/data/scenes/paint.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

namespace ranklens::data::scenes {
namespace {

using Pattern = Material::Pattern;

constexpr Colour black{0, 0, 0}, white{1, 1, 1};

/// White on black, turned by `angle`, with any phase.
Material pattern_of(Pattern pattern, double period, double angle = 0.7) {
  return {.pattern = pattern,
          .first = black,
          .second = white,
          .period = period,
          .along = std::cos(angle) / period,
          .across = std::sin(angle) / period,
          .phase_u = 0.3,
          .phase_v = 0.8};
}

double luma(const Colour& colour) {
  return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2];
}

TEST(Material, PatternsRepeatAfterAPeriodAlongAndAcross) {
  const double period = 7, angle = 0.7;
  const double along = period * std::cos(angle), across = period * std::sin(angle);
  for (const auto pattern : {Pattern::stripes, Pattern::checks, Pattern::dots}) {
    const Material material = pattern_of(pattern, period, angle);
    for (double x = 0; x < 20; x += 1.3) {
      const double here = material.at(x, 5)[0];
      EXPECT_NEAR(material.at(x + along, 5 + across)[0], here, 1e-6);
      EXPECT_NEAR(material.at(x - across, 5 + along)[0], here, 1e-6);
    }
  }
}

TEST(Material, StripesAndChecksExchangeTheirColoursAfterHalfAPeriod) {
  for (const auto pattern : {Pattern::stripes, Pattern::checks}) {
    const Material material = pattern_of(pattern, 8, 0);
    for (double x = 0; x < 8; x += 0.25) {
      EXPECT_NEAR(material.at(x + 4, 3)[0], 1 - material.at(x, 3)[0], 1e-6);
    }
  }
}

TEST(Material, DotsAreDiscs) {
  const Material material = pattern_of(Pattern::dots, 200, 0);
  double sum = 0;
  for (int y = 0; y < 200; ++y) {
    for (int x = 0; x < 200; ++x) sum += material.at(x, y)[0];
  }
  EXPECT_NEAR(sum / (200 * 200), std::numbers::pi * 0.36 * 0.36, 0.002);
}

TEST(RandomColour, HasItsBrightnessUnlessAChannelIsAtItsEnd) {
  base::Stream random(3, "test");
  int inside = 0;
  for (int k = 0; k < 400; ++k) {
    const double brightness = between(random, 0.2, 0.8);
    const Colour colour = random_colour(random, brightness);
    bool at_end = false;
    for (const float value : colour) {
      EXPECT_GE(value, 0);
      EXPECT_LE(value, 1);
      at_end = at_end || value == 0 || value == 1;
    }
    if (at_end) continue;
    ++inside;
    EXPECT_NEAR(luma(colour), brightness, 1e-6);
  }
  EXPECT_GT(inside, 100);
}

TEST(RandomMaterial, TakesAllPatternsAndKeepsItsContrast) {
  base::Stream random(4, "test");
  int seen[4] = {};
  for (int k = 0; k < 400; ++k) {
    const Material material = random_material(random, 0.5, 0.3, 2);
    ++seen[static_cast<int>(material.pattern)];
    EXPECT_NEAR(std::hypot(material.along, material.across), 1 / material.period, 1e-12);
    EXPECT_GE(material.period, 6);
    EXPECT_LE(material.period, 12);
    for (std::size_t c = 0; c < 3; ++c) {
      const double apart = std::abs(material.second[c] - material.first[c]);
      EXPECT_LE(apart, 1.2 * 0.3 + 1e-6);
      if (material.pattern == Pattern::plain) {
        EXPECT_EQ(apart, 0);
      }
    }
  }
  for (const int count : seen) EXPECT_NEAR(count, 100, 40);
}

TEST(Paint, MixesByCoverageAndKeepsTheGreatest) {
  Canvas canvas(24);
  canvas.pixels.assign(canvas.pixels.size(), 0.2F);
  std::vector<float> cover(24 * 24);
  const Part disc{.shape = Shape::disc, .width = 1, .height = 1};
  const PlacedPart first(disc, {.x = 9, .y = 11, .scale = 6});
  const PlacedPart second(disc, {.x = 14, .y = 12, .scale = 5});
  const Material red{.first = {1, 0, 0}}, blue{.first = {0, 0, 1}};
  paint(canvas, first, red, &cover);
  paint(canvas, second, blue, &cover);
  for (int y = 0; y < 24; ++y) {
    for (int x = 0; x < 24; ++x) {
      const double a = first.coverage(x + 0.5, y + 0.5), b = second.coverage(x + 0.5, y + 0.5);
      EXPECT_NEAR(cover[y * 24 + x], std::max(a, b), 1e-6);
      EXPECT_NEAR(canvas.at(0, y, x), (1 - b) * ((1 - a) * 0.2 + a), 1e-6);
      EXPECT_NEAR(canvas.at(2, y, x), (1 - b) * (1 - a) * 0.2 + b, 1e-6);
    }
  }
}

TEST(NoiseField, IsBoundedSmoothAndMostlyCommon) {
  constexpr int size = 64, cells = 4;
  constexpr double amplitude = 0.3;
  base::Stream random(5, "test");
  double away = 0, between_channels = 0;
  for (int k = 0; k < 20; ++k) {
    Canvas canvas(size);
    add_noise_field(canvas, random, cells, amplitude);
    for (int y = 0; y < size; ++y) {
      for (int x = 0; x < size; ++x) {
        const double here = canvas.at(0, y, x);
        EXPECT_LE(std::abs(here), amplitude + 1e-6);
        // The slope of 3 t^2 - 2 t^3 is at most 3/2, and two knots are 2 amplitudes apart at most.
        if (x > 0) {
          EXPECT_LE(std::abs(here - canvas.at(0, y, x - 1)), 3 * amplitude * cells / size + 1e-6);
        }
        away += here * here;
        between_channels += (here - canvas.at(1, y, x)) * (here - canvas.at(1, y, x));
      }
    }
  }
  // Variances of a knot: 0.49 + 0.09 of one channel, 2 * 0.09 of a difference (thirds of squares).
  EXPECT_NEAR(between_channels / away, 0.18 / 0.58, 0.1);
}

}  // namespace
}  // namespace ranklens::data::scenes
