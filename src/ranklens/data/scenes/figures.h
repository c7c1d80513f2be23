#pragma once

#include <string>
#include <vector>

#include "ranklens/data/scenes/shapes.h"

namespace ranklens::data::scenes {

/// A class of objects: its name and its parts, drawn in this order.
struct Figure {
  std::string name;
  std::string description;
  std::vector<Part> parts;
};

/// The ten classes. They share one vocabulary of parts, so that no single part tells the class.
const std::vector<Figure>& figures();

}  // namespace ranklens::data::scenes
