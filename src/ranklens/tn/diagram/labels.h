#pragma once

#include <vector>

#include "ranklens/tn/diagram/geometry.h"
#include "ranklens/tn/diagram/scene.h"

namespace ranklens::tn::diagram {

/// Where the label of a line goes, the middle of a text of that width: `away` beside the middle of
/// the curve, above it or to its right, unless that is taken by another label, tensor or line: then
/// on the other side, or nearer to one of its ends.
Point label_place(const Scene& scene, const std::vector<Shape>& shapes, const Cubic& curve,
                  double width, double away);

/// Coordinates of one axis in pixels, from places in units of the grid: a unit apart, or more where
/// the tensors are wide.
std::vector<double> spread(const std::vector<double>& at, const std::vector<double>& half_sizes);

}  // namespace ranklens::tn::diagram
