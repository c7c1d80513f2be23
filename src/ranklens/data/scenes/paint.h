#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "ranklens/base/random.h"
#include "ranklens/data/scenes/shapes.h"

namespace ranklens::data::scenes {

inline double between(base::Stream& random, double low, double high) {
  return low + (high - low) * random.uniform();
}
inline bool chance(base::Stream& random, double probability) {
  return random.uniform() < probability;
}

using Colour = std::array<float, 3>;  // red, green, blue in [0, 1]

/// A colour of about the given brightness (luma) and a random hue.
Colour random_colour(base::Stream& random, double brightness);

/// How a surface looks: two colours and the pattern in which they alternate.
struct Material {
  enum class Pattern { plain, stripes, checks, dots };
  Pattern pattern = Pattern::plain;
  Colour first{}, second{};
  double period = 4;                // pixels
  double along = 0.25, across = 0;  // the pattern's direction, of length 1 / period
  double phase_u = 0, phase_v = 0;  // periods

  /// The colour at a pixel.
  Colour at(double x, double y) const;
};

/// Any pattern, direction and hue; the colours lie on both sides of about `brightness`, each
/// channel from 0.4 to 1.2 `contrast` apart unless it is at its end.
Material random_material(base::Stream& random, double brightness, double contrast, double unit);

/// A picture in work: float pixels [3, size, size]. `unit` is the scale of everything drawn: 1 at
/// 32 pixels a side.
struct Canvas {
  int size = 0;
  std::vector<float> pixels;

  explicit Canvas(int side)
      : size(side), pixels(3 * static_cast<std::size_t>(side) * static_cast<std::size_t>(side)) {}
  double unit() const { return size / 32.0; }
  float& at(int channel, int y, int x) { return pixels[(channel * size + y) * size + x]; }
  void set(int y, int x, const Colour& colour) {
    for (int k = 0; k < 3; ++k) at(k, y, x) = colour[k];
  }
};

/// Lays the part over the canvas; `cover` [size, size], if given, keeps the greatest coverage.
void paint(Canvas& canvas, const PlacedPart& part, const Material& material,
           std::vector<float>* cover = nullptr);

/// Adds a smooth random field: (cells + 1)² random values, blended between, of at most `amplitude`,
/// mostly common to the three channels.
void add_noise_field(Canvas& canvas, base::Stream& random, int cells, double amplitude);

}  // namespace ranklens::data::scenes
