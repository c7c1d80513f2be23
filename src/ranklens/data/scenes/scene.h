#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "ranklens/data/scenes.h"

namespace ranklens::data::scenes {

/// One picture: interleaved by channel like a Dataset's item.
struct Scene {
  int label = 0;
  std::vector<std::uint8_t> pixels;  // [channels, size, size]
  std::vector<std::uint8_t> mask;    // [size, size], 1 where the object covers half a pixel or more
  std::vector<std::uint8_t> shortcut;  // [size, size], 1 on the patch
};

/// The class of an item: every ten consecutive items from a multiple of ten have the ten classes,
/// in an order of their own.
int label_of(std::uint64_t seed, std::string_view part, std::int64_t index);

/// Draws item `index`. A pure function of its arguments. Background, object, noise and patch come
/// from streams of their own, so that removing the object or planting a patch changes nothing else.
Scene draw(const SceneOptions& options, std::string_view part, std::int64_t index);

}  // namespace ranklens::data::scenes
