#pragma once

#include <vector>

#include "ranklens/tn/diagram/layout.h"
#include "ranklens/tn/diagram/net.h"
#include "ranklens/tn/diagram/scene.h"

namespace ranklens::tn::diagram {

/// The shapes of a net's nodes in pixels, around the line y = 0: where `places` has them in units
/// of the grid, wide enough for the open legs beside each other, each turned to the legs behind
/// ';'.
std::vector<Shape> placed_shapes(const Net& net, const std::vector<Point>& places,
                                 const std::vector<Leaving>& open);

}  // namespace ranklens::tn::diagram
