#include "ranklens/tn/diagram/geometry.h"

#include <cmath>

namespace ranklens::tn::diagram {
namespace {

Point between(Point a, Point b, double t) { return (1 - t) * a + t * b; }

/// The last parameter from 0 on at which the curve is inside the shape.
double leaves(const Cubic& curve, const Shape& shape) {
  double low = 0;
  for (int k = 1; k <= 64; ++k) {
    if (!inside(shape, at(curve, k / 64.0))) break;
    low = k / 64.0;
  }
  double high = std::min(1.0, low + 1 / 64.0);
  for (int k = 0; k < 20; ++k) {
    const double middle = (low + high) / 2;
    (inside(shape, at(curve, middle)) ? low : high) = middle;
  }
  return high;
}

bool in_triangle(const std::array<Point, 3>& c, Point p, double margin) {
  for (int k = 0; k < 3; ++k) {
    const Point a = c[k], edge = c[(k + 1) % 3] - a;
    const double cross = edge.x * (p.y - a.y) - edge.y * (p.x - a.x);
    if (cross < -margin * std::hypot(edge.x, edge.y)) return false;
  }
  return true;
}

}  // namespace

Point at(const Cubic& c, double t) {
  const double s = 1 - t;
  return (s * s * s) * c[0] + (3 * s * s * t) * c[1] + (3 * s * t * t) * c[2] + (t * t * t) * c[3];
}

Cubic part_of(const Cubic& c, double from, double to) {
  // The end first, then the start of what is left.
  const Point a = between(c[0], c[1], to), b = between(c[1], c[2], to), d = between(c[2], c[3], to);
  const Point ab = between(a, b, to), bd = between(b, d, to), end = between(ab, bd, to);
  const double t = to > 0 ? from / to : 0;
  const Point e = between(c[0], a, t), f = between(a, ab, t), g = between(ab, end, t);
  const Point ef = between(e, f, t), fg = between(f, g, t);
  return {between(ef, fg, t), fg, g, end};
}

Cubic straight(Point a, Point b) { return bowed(a, b, 0); }

Cubic bowed(Point a, Point b, double bow) {
  const Point along = b - a;
  const double length = std::max(1e-9, std::hypot(along.x, along.y));
  const Point normal = (bow * 4 / 3 / length) * Point{-along.y, along.x};
  return {a, a + (1.0 / 3) * along + normal, a + (2.0 / 3) * along + normal, b};
}

std::array<Point, 3> corners(const Shape& s) {
  const Point d = s.direction, n{-d.y, d.x};
  const double length = std::abs(d.x) > 0.5 ? s.half_width : s.half_height;
  const double breadth = std::abs(d.x) > 0.5 ? s.half_height : s.half_width;
  // Clockwise on the screen, the point second.
  return {s.centre + (-length) * d + (-breadth) * n, s.centre + length * d,
          s.centre + (-length) * d + breadth * n};
}

std::pair<Point, Point> bar(const Shape& s) {
  const Point far{0.95 * s.half_width, 0.95 * s.half_height};
  return {far, far - Point{7, 7}};
}

bool inside(const Shape& s, Point p, double margin) {
  const double dx = std::abs(p.x - s.centre.x), dy = std::abs(p.y - s.centre.y);
  const double w = s.half_width + margin, h = s.half_height + margin;
  switch (s.form) {
    case Form::Triangle:
    case Form::Wedge:
      return in_triangle(corners(s), p, margin);
    case Form::Diamond:
      return dx / w + dy / h <= 1;
    case Form::Square:
    case Form::Node:
    case Form::Frame:
    case Form::Dashed:
      return dx <= w && dy <= h;
    default:
      // A circle, stretched where the name is long.
      return std::hypot(std::max(0.0, dx - (w - h)), dy) <= h;
  }
}

Cubic clipped(const Cubic& curve, const Shape* first, const Shape* last) {
  const double from = first ? leaves(curve, *first) : 0;
  const Cubic back{curve[3], curve[2], curve[1], curve[0]};
  const double to = last ? 1 - leaves(back, *last) : 1;
  return from < to ? part_of(curve, from, to) : curve;
}

}  // namespace ranklens::tn::diagram
