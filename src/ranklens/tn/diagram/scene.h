#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "ranklens/tn/diagram/document.h"

/// What a drawing consists of, before it is written as SVG or TikZ. Units are pixels at 100 %; x
/// goes to the right, y downwards.
namespace ranklens::tn::diagram {

inline Point operator+(Point a, Point b) { return {a.x + b.x, a.y + b.y}; }
inline Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
inline Point operator*(double s, Point a) { return {s * a.x, s * a.y}; }

/// A smooth line: `points` are a start and then, for each piece, two control points and an end.
struct Line {
  std::vector<Point> points = {};
  double width = 1.5;
  std::string note = {};  ///< "leg i of size 3"
};

enum class Form {
  Circle,
  DoubleCircle,  ///< symmetric
  HalfCircle,    ///< antisymmetric: one half dark
  BarredCircle,  ///< diagonal: a stroke across
  Diamond,       ///< positive
  Square,        ///< unitary
  Triangle,      ///< isometry: its point shows the direction
  Dot,           ///< copy
  OpenDot,       ///< ones
  Wedge,         ///< grouping of legs
  Node,          ///< a nonlinear function
  Frame,         ///< around a sum in brackets
  Dashed,        ///< around a group
};

struct Shape {
  Form form = Form::Circle;
  Point centre = {};
  double half_width = 16, half_height = 16;
  Point direction = {1, 0};  ///< of a triangle or wedge: a unit vector along an axis
};

struct Text {
  enum class Role { Tensor, Leg, Function, Sign, Group };
  Role role = Role::Tensor;
  std::string text = {};
  Point at = {};   ///< the middle of the text's height
  int anchor = 0;  ///< -1: the text begins there, 0: its middle is there, 1: it ends there
  bool conjugate = false;
};

struct Scene {
  std::vector<Line> lines = {};
  std::vector<Shape> shapes = {};
  std::vector<Text> texts = {};
  double left = 0, top = 0, right = 0, bottom = 0;  ///< what the drawing needs

  void include(Point low, Point high) {
    left = std::min(left, low.x);
    top = std::min(top, low.y);
    right = std::max(right, high.x);
    bottom = std::max(bottom, high.y);
  }
};

/// Adds `part`, moved by `by`, to `scene` and its bounds.
void add(Scene& scene, const Scene& part, Point by);

/// About how wide a text is, by the number of its characters.
double text_width(const Text& text);

/// A name in pieces: "A12" and "A_12" are A with the index 12.
std::pair<std::string, std::string> name_and_index(const std::string& name);

}  // namespace ranklens::tn::diagram
