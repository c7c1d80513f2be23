#pragma once

#include <string>
#include <string_view>

#include "ranklens/tn/diagram/scene.h"

namespace ranklens::tn::diagram {

/// The scene as SVG 1.1. Lines and letters have the colour of the text around them (currentColor),
/// shapes a tint that shows on light and on dark paper; in a file of its own the letters are light
/// where the reader prefers dark. `title` is what a screen reader says. With Style::OfPage the
/// rules of svg_style() are left to the page that the drawing stands in.
enum class Style { Own, OfPage };
std::string svg(const Scene& scene, std::string_view title, Style style = Style::Own);
std::string_view svg_style();

/// The scene as a TikZ picture, for \input with \usepackage{tikz}.
std::string tikz(const Scene& scene, std::string_view title);

}  // namespace ranklens::tn::diagram
