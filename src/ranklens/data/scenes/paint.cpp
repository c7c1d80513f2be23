#include "ranklens/data/scenes/paint.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ranklens::data::scenes {
namespace {

float unit_range(double value) { return static_cast<float>(std::clamp(value, 0.0, 1.0)); }

// 1 in the middle half of a period and 0 in the rest, with ramps one pixel wide. `t` in [0, 1).
double wave(double t, double period) {
  return std::clamp((0.25 - std::abs(t - 0.5)) * period + 0.5, 0.0, 1.0);
}

// Floor for values that fit an int: the library's is a function call on plain x86-64.
double fraction(double x) {
  const double whole = static_cast<double>(static_cast<int>(x));
  return x < whole ? x - whole + 1 : x - whole;
}

}  // namespace

Colour random_colour(base::Stream& random, double brightness) {
  std::array<double, 3> hue{};
  for (double& v : hue) v = random.uniform();
  const double luma = 0.299 * hue[0] + 0.587 * hue[1] + 0.114 * hue[2];
  const double saturation = between(random, 0.3, 0.9);
  Colour colour{};
  for (int k = 0; k < 3; ++k) colour[k] = unit_range(brightness + saturation * (hue[k] - luma));
  return colour;
}

Colour Material::at(double x, double y) const {
  if (pattern == Pattern::plain) return first;
  const double u = fraction(along * x + across * y + phase_u);
  const double v = fraction(along * y - across * x + phase_v);
  double mix = 0;
  if (pattern == Pattern::stripes) {
    mix = wave(u, period);
  } else if (pattern == Pattern::checks) {
    const double a = wave(u, period), b = wave(v, period);
    mix = a * (1 - b) + b * (1 - a);
  } else {
    const double radius = std::sqrt((u - 0.5) * (u - 0.5) + (v - 0.5) * (v - 0.5));
    mix = std::clamp((0.36 - radius) * period + 0.5, 0.0, 1.0);
  }
  Colour colour{};
  const float share = static_cast<float>(mix);
  for (int k = 0; k < 3; ++k) colour[k] = first[k] + share * (second[k] - first[k]);
  return colour;
}

Material random_material(base::Stream& random, double brightness, double contrast, double unit) {
  Material material;
  material.pattern = static_cast<Material::Pattern>(random.below(4));
  double shift = contrast * between(random, 0.25, 0.5) * (chance(random, 0.5) ? 1 : -1);
  if (material.pattern == Material::Pattern::plain) shift = 0;
  material.first = random_colour(random, brightness + shift);
  for (int k = 0; k < 3; ++k) {
    material.second[k] = unit_range(material.first[k] - 2 * shift * between(random, 0.8, 1.2));
  }
  const double angle = between(random, 0, 2 * std::numbers::pi);
  material.period = unit * between(random, 3, 6);
  material.along = std::cos(angle) / material.period;
  material.across = std::sin(angle) / material.period;
  material.phase_u = random.uniform();
  material.phase_v = random.uniform();
  return material;
}

void paint(Canvas& canvas, const PlacedPart& part, const Material& material,
           std::vector<float>* cover) {
  for_covered(part, canvas.size, [&](int y, int x, float share) {
    const Colour colour = material.at(x, y);
    for (int k = 0; k < 3; ++k) {
      float& pixel = canvas.at(k, y, x);
      pixel += share * (colour[k] - pixel);
    }
    if (cover != nullptr) {
      float& covered = (*cover)[y * canvas.size + x];
      covered = std::max(covered, share);
    }
  });
}

void add_noise_field(Canvas& canvas, base::Stream& random, int cells, double amplitude) {
  constexpr double common = 0.7;  // of the field, the same in all channels
  const int side = cells + 1;
  std::vector<Colour> knots(static_cast<std::size_t>(side) * side);
  for (auto& knot : knots) {
    const double shared = common * between(random, -1, 1);
    for (float& v : knot) {
      v = static_cast<float>(amplitude * (shared + (1 - common) * between(random, -1, 1)));
    }
  }
  struct Weight {
    int cell;
    float near, far;
  };
  std::vector<Weight> weights(canvas.size);
  for (int i = 0; i < canvas.size; ++i) {
    const double at = (i + 0.5) * cells / canvas.size;
    const int cell = static_cast<int>(at);
    const double t = at - cell;
    const auto far = static_cast<float>(t * t * (3 - 2 * t));
    weights[i] = {cell, 1 - far, far};
  }
  for (int y = 0; y < canvas.size; ++y) {
    const Weight& down = weights[y];
    for (int x = 0; x < canvas.size; ++x) {
      const Weight& across = weights[x];
      const Colour* top = &knots[down.cell * side + across.cell];
      const Colour* bottom = top + side;
      for (int k = 0; k < 3; ++k) {
        canvas.at(k, y, x) += down.near * (across.near * top[0][k] + across.far * top[1][k]) +
                              down.far * (across.near * bottom[0][k] + across.far * bottom[1][k]);
      }
    }
  }
}

}  // namespace ranklens::data::scenes
