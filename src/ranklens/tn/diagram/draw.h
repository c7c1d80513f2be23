#pragma once

#include <vector>

#include "ranklens/tn/diagram/document.h"
#include "ranklens/tn/diagram/scene.h"

namespace ranklens::tn::diagram {

struct DrawOptions {
  double most_width = 640;  ///< pixels; longer equations go on in a new row
};

/// The drawing of a diagram: its sums in a row with '=' between them, its top left corner at (0,
/// 0).
Scene draw(const Diagram& diagram, const DrawOptions& options = {});

/// Several diagrams below each other, each below its name where there are more than one.
Scene draw(const std::vector<const Diagram*>& diagrams, const DrawOptions& options = {});

/// One sum, terms in a row, around the line y = 0.
Scene draw_sum(const Diagram& diagram, const Sum& sum, const std::vector<OpenLeg>& open);

/// One product, around the line y = 0.
Scene draw_term(const Diagram& diagram, const Term& term, const std::vector<OpenLeg>& open);

/// Thickness of a leg of that size, pixels: grows with the logarithm of the size.
double thickness(std::int64_t size);

}  // namespace ranklens::tn::diagram
