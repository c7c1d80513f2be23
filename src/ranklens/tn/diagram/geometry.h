#pragma once

#include <array>
#include <utility>
#include <vector>

#include "ranklens/tn/diagram/scene.h"

namespace ranklens::tn::diagram {

/// A cubic Bézier curve: start, two control points, end.
using Cubic = std::array<Point, 4>;

Point at(const Cubic& curve, double t);
/// The part between two parameters (de Casteljau).
Cubic part_of(const Cubic& curve, double from, double to);
Cubic straight(Point a, Point b);
/// From a to b, bent sideways by `bow` at its middle (to the left of its direction if negative).
Cubic bowed(Point a, Point b, double bow);

/// The corners of a triangle or wedge whose point shows in its direction.
std::array<Point, 3> corners(const Shape& shape);
/// The stroke through a diagonal tensor, from its centre: where it ends, a little outside, and
/// where it stops short of the name.
std::pair<Point, Point> bar(const Shape& shape);
bool inside(const Shape& shape, Point p, double margin = 0);

/// The curve without what lies inside the shapes at its ends; null: no shape there.
Cubic clipped(const Cubic& curve, const Shape* first, const Shape* last);

}  // namespace ranklens::tn::diagram
