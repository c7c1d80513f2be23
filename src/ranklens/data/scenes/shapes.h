#pragma once

#include <algorithm>
#include <vector>

namespace ranklens::data::scenes {

/// The vocabulary of parts. Every object and every distractor is put together from these five;
/// a thin box is a bar.
enum class Shape { disc, ring, half_disc, box, triangle };

inline constexpr int shape_count = 5;

/// One part in the coordinates of its figure: x to the right, y down, figures about [-1, 1] wide.
/// `width` and `height` are half extents before the part is turned by `turn` radians about its own
/// centre. A triangle points up, a half disc has its flat side down.
struct Part {
  Shape shape = Shape::disc;
  double x = 0, y = 0;
  double width = 0.5, height = 0.5;
  double turn = 0;
};

/// Where a figure stands: image = centre + scale · R(turn) · diag(stretch·mirror, 1/stretch) ·
/// figure.
struct Pose {
  double x = 0, y = 0;  // pixels, of the figure's origin
  double scale = 1;     // pixels a figure unit
  double turn = 0;      // radians, clockwise on the screen
  double stretch = 1;
  bool mirror = false;
};

/// A part placed on the canvas: an affine map from pixels to the part's own unit coordinates.
class PlacedPart {
 public:
  PlacedPart(const Part& part, const Pose& pose);

  /// Signed distance of the pixel coordinates to the part's outline, in pixels, negative inside;
  /// first order in the distance, which is what the one-pixel ramp of `coverage` needs.
  double distance(double x, double y) const;

  /// The share of the pixel centred at (x, y) that the part covers, in [0, 1].
  double coverage(double x, double y) const;

  /// Half the side of a square about (x, y) that holds the part.
  double reach() const { return reach_; }
  double x() const { return x_; }
  double y() const { return y_; }

 private:
  Shape shape_;
  double x_, y_;              // centre, pixels
  double xx_, xy_, yx_, yy_;  // pixels from the centre -> part units
  double reach_;
};

/// Calls visit(y, x, coverage) for every pixel of a square canvas that the part covers at all.
template <class Visit>
void for_covered(const PlacedPart& part, int size, const Visit& visit) {
  const auto low = [&](double at) { return std::max(0, static_cast<int>(at - part.reach())); };
  const auto high = [&](double at) {
    return std::min(size - 1, static_cast<int>(at + part.reach()));
  };
  const int left = low(part.x()), right = high(part.x()), bottom = high(part.y());
  for (int y = low(part.y()); y <= bottom; ++y) {
    for (int x = left; x <= right; ++x) {
      const double share = part.coverage(x + 0.5, y + 0.5);
      if (share > 0) visit(y, x, static_cast<float>(share));
    }
  }
}

/// The area of the union of the parts in figure units, to about one in a hundred. Parts lie within
/// 1.45 of the origin.
double area(const std::vector<Part>& parts);

}  // namespace ranklens::data::scenes
