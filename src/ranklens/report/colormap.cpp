#include "ranklens/report/colormap.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "ranklens/base/error.h"

namespace ranklens::report {

namespace {

using Triple = std::array<double, 3>;

/// Every fifteenth colour of a map of 256; between them straight lines in sRGB are within 5/255.
using Anchors = std::array<std::uint32_t, 18>;

// viridis and magma: S. van der Walt, N. Smith, E. Firing (2015), public domain (CC0).
constexpr Anchors viridis_anchors{0x440154, 0x481769, 0x472a7a, 0x433d84, 0x3d4e8a, 0x355e8d,
                                  0x2e6d8e, 0x297b8e, 0x23898e, 0x1f978b, 0x21a585, 0x2eb37c,
                                  0x46c06f, 0x65cb5e, 0x89d548, 0xb0dd2f, 0xd8e219, 0xfde725};
constexpr Anchors magma_anchors{0x000004, 0x090720, 0x1a1042, 0x311165, 0x4a1079, 0x621980,
                                0x792282, 0x912b81, 0xaa337d, 0xc23b75, 0xd9466b, 0xec5860,
                                0xf7725c, 0xfc8e64, 0xfeaa74, 0xfec68a, 0xfde2a3, 0xfcfdbf};

std::uint8_t byte(double unit) {
  return static_cast<std::uint8_t>(std::lround(255 * std::clamp(unit, 0.0, 1.0)));
}

ColorMap interpolated(const Anchors& anchors) {
  ColorMap map;
  for (std::size_t i = 0; i < map.size(); ++i) {
    const std::size_t left = std::min<std::size_t>(i / 15, anchors.size() - 2);
    const double along = static_cast<double>(i - 15 * left) / 15;
    for (std::size_t c = 0; c < 3; ++c) {
      const auto channel = [&](std::uint32_t rgb) {
        return static_cast<double>((rgb >> (16 - 8 * c)) & 0xFF) / 255;
      };
      map[i][c] = byte((1 - along) * channel(anchors[left]) + along * channel(anchors[left + 1]));
    }
  }
  return map;
}

struct Knot {
  double at, value;
};

/// The value at x of the line through the knots, which cover [0, 1].
double on_line(const std::vector<Knot>& knots, double x) {
  std::size_t right = 1;
  while (right + 1 < knots.size() && x > knots[right].at) ++right;
  const auto& [x0, y0] = knots[right - 1];
  const auto& [x1, y1] = knots[right];
  return y0 + (y1 - y0) * (x - x0) / (x1 - x0);
}

/// Matplotlib's jet, which differs a little from MATLAB's.
ColorMap jet_map() {
  const std::vector<Knot> red{{0, 0}, {0.35, 0}, {0.66, 1}, {0.89, 1}, {1, 0.5}},
      green{{0, 0}, {0.125, 0}, {0.375, 1}, {0.64, 1}, {0.91, 0}, {1, 0}},
      blue{{0, 0.5}, {0.11, 1}, {0.34, 1}, {0.65, 0}, {1, 0}};
  ColorMap map;
  for (std::size_t i = 0; i < map.size(); ++i) {
    const double x = static_cast<double>(i) / 255;
    map[i] = {byte(on_line(red, x)), byte(on_line(green, x)), byte(on_line(blue, x))};
  }
  return map;
}

// CIELAB of sRGB with white D65, and back (CIE 15:2004; IEC 61966-2-1).
constexpr Triple white{0.95047, 1.0, 1.08883};

Triple lab_of(const Triple& rgb) {
  Triple linear;
  for (std::size_t c = 0; c < 3; ++c)
    linear[c] = rgb[c] <= 0.04045 ? rgb[c] / 12.92 : std::pow((rgb[c] + 0.055) / 1.055, 2.4);
  const auto& [r, g, b] = linear;
  const Triple xyz{0.4124564 * r + 0.3575761 * g + 0.1804375 * b,
                   0.2126729 * r + 0.7151522 * g + 0.0721750 * b,
                   0.0193339 * r + 0.1191920 * g + 0.9503041 * b};
  const auto f = [](double t) {
    return t > 216.0 / 24389 ? std::cbrt(t) : (24389.0 / 27 * t + 16) / 116;
  };
  const double fx = f(xyz[0] / white[0]), fy = f(xyz[1] / white[1]), fz = f(xyz[2] / white[2]);
  return {116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)};
}

Triple rgb_of(const Triple& lab) {
  const double fy = (lab[0] + 16) / 116;
  const auto inverse = [](double f) {
    return f > 6.0 / 29 ? f * f * f : (116 * f - 16) * 27 / 24389;
  };
  const double x = white[0] * inverse(fy + lab[1] / 500), y = white[1] * inverse(fy),
               z = white[2] * inverse(fy - lab[2] / 200);
  Triple rgb{3.2404542 * x - 1.5371385 * y - 0.4985314 * z,
             -0.9692660 * x + 1.8760108 * y + 0.0415560 * z,
             0.0556434 * x - 0.2040259 * y + 1.0572252 * z};
  for (double& c : rgb) c = c <= 0.0031308 ? 12.92 * c : 1.055 * std::pow(c, 1 / 2.4) - 0.055;
  return rgb;
}

// Polar CIELAB of K. Moreland, "Diverging Color Maps for Scientific Visualization" (2009), sec. 3:
// magnitude, saturation angle, hue.
Triple msh_of(const Triple& lab) {
  const double m = std::sqrt(lab[0] * lab[0] + lab[1] * lab[1] + lab[2] * lab[2]);
  return {m, std::acos(lab[0] / m), std::atan2(lab[2], lab[1])};
}

Triple lab_of_msh(const Triple& msh) {
  const auto& [m, s, h] = msh;
  return {m * std::cos(s), m * std::sin(s) * std::cos(h), m * std::sin(s) * std::sin(h)};
}

/// Moreland's AdjustHue: turns the hue towards white so that the path looks straight.
double hue_at_white(const Triple& msh, double white_magnitude) {
  const auto& [m, s, h] = msh;
  if (m >= white_magnitude) return h;
  const double spin = s * std::sqrt(white_magnitude * white_magnitude - m * m) / (m * std::sin(s));
  return h > -std::numbers::pi / 3 ? h + spin : h - spin;
}

ColorMap coolwarm_map() {
  const Triple cool = msh_of(lab_of({59 / 255.0, 76 / 255.0, 192 / 255.0}));
  const Triple warm = msh_of(lab_of({180 / 255.0, 4 / 255.0, 38 / 255.0}));
  const double middle = std::max({cool[0], warm[0], 88.0});
  ColorMap map;
  for (std::size_t i = 0; i < map.size(); ++i) {
    const double x = static_cast<double>(i) / 255;
    const Triple& end = x < 0.5 ? cool : warm;
    const double away = std::abs(2 * x - 1);  // 0 at white, 1 at the end
    const Triple msh{middle + away * (end[0] - middle), away * end[1],
                     (1 - away) * hue_at_white(end, middle) + away * end[2]};
    const Triple rgb = rgb_of(lab_of_msh(msh));
    map[i] = {byte(rgb[0]), byte(rgb[1]), byte(rgb[2])};
  }
  return map;
}

}  // namespace

std::vector<std::string> color_map_names() { return {"viridis", "magma", "jet", "coolwarm"}; }

const ColorMap& color_map(std::string_view name) {
  static const ColorMap viridis = interpolated(viridis_anchors);
  static const ColorMap magma = interpolated(magma_anchors);
  static const ColorMap jet = jet_map();
  static const ColorMap coolwarm = coolwarm_map();
  if (name == "viridis") return viridis;
  if (name == "magma") return magma;
  if (name == "jet") return jet;
  if (name == "coolwarm") return coolwarm;
  base::fail("colour map '{}' does not exist{}", name, base::nearest_hint(name, color_map_names()));
}

}  // namespace ranklens::report
