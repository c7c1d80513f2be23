#include "ranklens/data/scenes/scene.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>

#include <fmt/format.h>

#include "ranklens/base/random.h"
#include "ranklens/data/scenes/figures.h"
#include "ranklens/data/scenes/paint.h"

namespace ranklens::data::scenes {
namespace {

using base::Stream;

constexpr double full_turn = 2 * std::numbers::pi;

// Surfaces in front are brighter or darker than the background's level by the look's contrast:
// towards the side with more room, more often.
double front_brightness(Stream& random, const SceneLook& look, double level) {
  const double delta = between(random, look.contrast_low, look.contrast_high);
  bool up = chance(random, level < 0.5 ? 0.75 : 0.25);
  if (level + delta > 1) up = false;
  if (level - delta < 0) up = true;
  return level + (up ? delta : -delta);
}

// A few surfaces that meet along straight lines (the cells of random sites), under smooth noise.
void paint_ground(Canvas& canvas, Stream& random, const SceneLook& look, double level) {
  struct Cell {
    double x, y;
    Material material;
  };
  const double unit = canvas.unit();
  std::vector<Cell> cells(2 + random.below(3));
  for (auto& cell : cells) {
    cell.x = between(random, 0, canvas.size);
    cell.y = between(random, 0, canvas.size);
    cell.material =
        random_material(random, level + between(random, -0.12, 0.12), look.ground_texture, unit);
  }
  for (int y = 0; y < canvas.size; ++y) {
    for (int x = 0; x < canvas.size; ++x) {
      const auto far = [&](const Cell& cell) {
        return (x - cell.x) * (x - cell.x) + (y - cell.y) * (y - cell.y);
      };
      const auto nearest =
          std::min_element(cells.begin(), cells.end(),
                           [&](const Cell& a, const Cell& b) { return far(a) < far(b); });
      canvas.set(y, x, nearest->material.at(x, y));
    }
  }
  add_noise_field(canvas, random, 3, look.ground_shade);
  add_noise_field(canvas, random, 9, look.ground_shade / 2);
}

// Single parts from the vocabulary of the objects, anywhere and in any pose.
void paint_distractors(Canvas& canvas, Stream& random, const SceneLook& look, double level) {
  const int more = look.distractors_high - look.distractors_low;
  const int count = look.distractors_low + static_cast<int>(random.below(more + 1));
  for (int i = 0; i < count; ++i) {
    Part part;
    part.shape = static_cast<Shape>(random.below(shape_count));
    part.width = between(random, 2, 5);
    part.height = between(random, 2, 5);
    if (part.shape == Shape::box && chance(random, 0.5)) part.height = between(random, 0.8, 1.5);
    part.turn = between(random, 0, full_turn);
    Pose pose;
    pose.x = between(random, 0, canvas.size);
    pose.y = between(random, 0, canvas.size);
    pose.scale = canvas.unit();
    const double brightness = front_brightness(random, look, level);
    paint(canvas, PlacedPart(part, pose),
          random_material(random, brightness, look.texture, canvas.unit()));
  }
}

// A coordinate of the object's centre: towards the edges more often than the middle, since an
// object of this size would otherwise cover the middle far more often than the edges, and a map
// that always points at the middle would score.
double place(Stream& random, double size, double unit) {
  const double t = between(random, -1, 1);
  const double reach = size / 2 - 7 * unit;
  return size / 2 + std::copysign(std::pow(std::abs(t), 0.2), t) * reach;
}

std::vector<Part> jittered(std::vector<Part> parts, Stream& random, double amount) {
  for (auto& part : parts) {
    part.x += between(random, -amount, amount);
    part.y += between(random, -amount, amount);
    part.width *= between(random, 1 - 2 * amount, 1 + 2 * amount);
    part.height *= between(random, 1 - 2 * amount, 1 + 2 * amount);
    part.turn += between(random, -amount, amount);
  }
  return parts;
}

// The object is scaled to an area drawn from one distribution for all classes.
void paint_object(Canvas& canvas, Stream& random, const SceneLook& look, double level, int label,
                  std::vector<float>& cover) {
  const double unit = canvas.unit();
  const auto parts = jittered(figures()[label].parts, random, look.jitter);
  Pose pose;
  pose.scale = unit * std::sqrt(between(random, look.area_low, look.area_high) / area(parts));
  pose.turn = between(random, -look.turn, look.turn);
  pose.mirror = chance(random, 0.5);
  pose.stretch = between(random, 0.9, 1.1);
  pose.x = place(random, canvas.size, unit);
  pose.y = place(random, canvas.size, unit);
  const double brightness = front_brightness(random, look, level);
  std::array<Material, 2> materials;
  materials[0] = random_material(random, brightness, look.texture, unit);
  materials[1] =
      random_material(random, brightness + between(random, -0.1, 0.1), look.texture, unit);
  for (const auto& part : parts) {
    paint(canvas, PlacedPart(part, pose), materials[random.below(2)], &cover);
  }
}

// A checkerboard in two fixed colours, unlike anything else in the pictures.
struct Patch {
  int left = 0, top = 0, side = 0;
};

// Where the patch hides as little as possible of the object: the best of 32 random places.
Patch find_place(Stream& random, int size, const std::vector<float>& cover) {
  const int side = std::max(2, static_cast<int>(std::lround(6.0 * size / 32)));
  Patch best{0, 0, side};
  int least = side * side + 1;
  for (int attempt = 0; attempt < 32 && least > 0; ++attempt) {
    const Patch patch{static_cast<int>(random.below(size - side + 1)),
                      static_cast<int>(random.below(size - side + 1)), side};
    int hidden = 0;
    for (int y = patch.top; y < patch.top + side; ++y) {
      for (int x = patch.left; x < patch.left + side; ++x) hidden += cover[y * size + x] > 0;
    }
    if (hidden < least) {
      least = hidden;
      best = patch;
    }
  }
  return best;
}

void paint_patch(Canvas& canvas, const Patch& patch, std::vector<float>& cover,
                 std::vector<std::uint8_t>& mask) {
  constexpr Colour even{0.95f, 0.85f, 0.10f}, odd{0.45f, 0.05f, 0.60f};
  const int field = std::max(1, patch.side / 3);
  for (int y = 0; y < patch.side; ++y) {
    for (int x = 0; x < patch.side; ++x) {
      const int at = (patch.top + y) * canvas.size + patch.left + x;
      canvas.set(patch.top + y, patch.left + x, (x / field + y / field) % 2 == 0 ? even : odd);
      cover[at] = 0;
      mask[at] = 1;
    }
  }
}

bool has_patch(Stream& random, const Shortcut& shortcut, int label) {
  return chance(random, label == shortcut.label ? shortcut.probability : shortcut.elsewhere);
}

// 255 times a value of [0, 1], rounded: cutting off does it, as nothing is below 0.
std::uint8_t to_byte(double value) {
  const double shifted = 255 * value + 0.5;
  return static_cast<std::uint8_t>(shifted);
}

// Noise on every value (the difference of two uniform numbers, half a word each), then bytes.
std::vector<std::uint8_t> develop(const Canvas& canvas, Stream& random, double noise, bool grey) {
  const std::size_t count = canvas.pixels.size() / 3;
  std::vector<std::uint8_t> bytes(grey ? count : 3 * count);
  std::array<double, 3> value{};
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t k = 0; k < 3; ++k) {
      const std::uint32_t word = random.next_u32();
      const double grain = (static_cast<double>(word >> 16) - (word & 0xFFFF)) * 0x1p-16;
      value[k] = std::clamp(canvas.pixels[k * count + i] + 2 * noise * grain, 0.0, 1.0);
      if (!grey) bytes[k * count + i] = to_byte(value[k]);
    }
    if (grey) {
      bytes[i] = to_byte(0.2989 * value[0] + 0.5870 * value[1] + 0.1140 * value[2]);
    }
  }
  return bytes;
}

}  // namespace

int label_of(std::uint64_t seed, std::string_view part, std::int64_t index) {
  const std::int64_t classes = static_cast<std::int64_t>(figures().size());
  Stream random(seed, "data", fmt::format("scenes/{}/labels", part), index / classes);
  return static_cast<int>(random.permutation(classes).data_ptr<std::int64_t>()[index % classes]);
}

Scene draw(const SceneOptions& options, std::string_view part, std::int64_t index) {
  const Stream item(options.seed, "data", fmt::format("scenes/{}", part), index);
  Scene scene;
  scene.label = label_of(options.seed, part, index);
  Canvas canvas(options.size);
  std::vector<float> cover(canvas.pixels.size() / 3);

  Stream ground = item.child("background");
  const double level = between(ground, 0.3, 0.7);
  paint_ground(canvas, ground, options.look, level);
  paint_distractors(canvas, ground, options.look, level);
  if (options.object) {
    Stream object = item.child("object");
    paint_object(canvas, object, options.look, level, scene.label, cover);
  }
  if (options.shortcut) {
    scene.shortcut.resize(cover.size());
    Stream patch = item.child("shortcut");
    if (has_patch(patch, *options.shortcut, scene.label)) {
      paint_patch(canvas, find_place(patch, options.size, cover), cover, scene.shortcut);
    }
  }
  scene.mask.resize(cover.size());
  for (std::size_t i = 0; i < cover.size(); ++i) scene.mask[i] = cover[i] >= 0.5f;
  Stream noise = item.child("noise");
  scene.pixels = develop(canvas, noise, options.look.noise, options.grey);
  return scene;
}

}  // namespace ranklens::data::scenes
