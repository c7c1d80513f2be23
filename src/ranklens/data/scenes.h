#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ranklens/base/spec.h"
#include "ranklens/data/dataset.h"

namespace ranklens::data {

/// A patch that gives one class away.
struct Shortcut {
  int label = 0;
  double probability = 0.9;  ///< that an image of the class has the patch
  double elsewhere = 0;      ///< that an image of another class has it
};

/// How hard the pictures are. Lengths are pixels of a 32 × 32 picture and grow with the size.
struct SceneLook {
  double area_low = 95, area_high = 145;  ///< pixels that the object covers
  double turn = 0.15;                     ///< the object leans by at most so many radians
  double jitter = 0.05;                   ///< of the parts' places, sizes and directions
  double contrast_low = 0.35, contrast_high = 0.55;  ///< brightness of parts against the background
  double texture = 0.2;                              ///< contrast inside a part's surface
  double ground_texture = 0.25;                      ///< contrast inside a background's surface
  double ground_shade = 0.12;                        ///< of smooth changes over the background
  int distractors_low = 1, distractors_high = 3;     ///< single parts beside the object
  double noise = 0.05;  ///< of each value, triangular, at most twice this
};

/// The options of generated scenes.
struct SceneOptions {
  std::int64_t count = 8000;
  Split split = Split::train;  ///< train or test: disjoint streams
  std::uint64_t seed = 0;
  int size = 32;  ///< pixels a side, 16 to 512
  bool grey = false;
  bool object = true;  ///< false: the same scenes without their objects, masks empty
  std::optional<Shortcut> shortcut{};
  SceneLook look{};
};

/// Pictures of ten classes of objects put together from parts, on cluttered, textured backgrounds
/// with single parts as distractors; each with the exact mask of its object. Colour, size, place
/// and background carry nothing about the class: only the arrangement of the parts does. Item i
/// depends on (seed, split, i) and the options alone. SystemError when base::interrupted().
Dataset make_scenes(const SceneOptions& options);

/// Reads "class=3,patch,p=0.9,elsewhere=0": the class by number or by name, and any of the others.
Shortcut parse_shortcut(std::string_view text);

/// The same within a longer line, where `key` gives the class; nothing if it is not given.
std::optional<Shortcut> read_shortcut(base::SpecReader& spec, std::string_view key);

}  // namespace ranklens::data
