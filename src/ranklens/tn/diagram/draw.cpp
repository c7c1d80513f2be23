#include "ranklens/tn/diagram/draw.h"

#include <cmath>

#include <fmt/format.h>

namespace ranklens::tn::diagram {
namespace {

constexpr double kGap = 14;   // beside a sign
constexpr double kRow = 26;   // between rows
constexpr double kEdge = 10;  // around the whole

/// Pieces that stand in a row: a sign, or a drawing.
struct Piece {
  Scene scene;
  bool equals = false;
};

Scene sign(const std::string& text) {
  Scene scene;
  Text sign{.role = Text::Role::Sign, .text = text, .at = {0, 0}};
  const double half = text_width(sign) / 2;
  scene.texts.push_back(std::move(sign));
  scene.include({-half, -9}, {half, 9});
  return scene;
}

/// "+", "−", "2", "− 0.5", or nothing before the first term.
std::string sign_of(double coefficient, bool first) {
  const bool minus = coefficient < 0;
  const double size = std::abs(coefficient);
  std::string text = minus ? "−" : first ? "" : "+";
  if (size != 1) text += fmt::format("{}{:.4g}", text.empty() ? "" : " ", size);
  return text;
}

void put(Scene& row, const Scene& part, double gap) {
  const double x = (row.right > 0 ? row.right + gap : 0) - part.left;
  add(row, part, {x, 0});
}

void put_sum(std::vector<Piece>& pieces, const Diagram& diagram, const Sum& sum,
             const std::vector<OpenLeg>& open) {
  for (std::size_t k = 0; k < sum.size(); ++k) {
    const std::string text = sign_of(sum[k].coefficient, k == 0);
    if (!text.empty()) pieces.push_back({sign(text)});
    pieces.push_back({draw_term(diagram, sum[k], open)});
  }
}

}  // namespace

double thickness(std::int64_t size) {
  return std::min(7.0, 1.0 + 0.45 * std::log2(static_cast<double>(size)));
}

Scene draw_sum(const Diagram& diagram, const Sum& sum, const std::vector<OpenLeg>& open) {
  std::vector<Piece> pieces;
  put_sum(pieces, diagram, sum, open);
  Scene row;
  for (const Piece& piece : pieces) put(row, piece.scene, kGap);
  return row;
}

Scene draw(const Diagram& diagram, const DrawOptions& options) {
  std::vector<Piece> pieces;
  for (std::size_t k = 0; k < diagram.sides.size(); ++k) {
    if (k > 0) pieces.push_back({sign("="), true});
    put_sum(pieces, diagram, diagram.sides[k], diagram.open);
  }
  Scene whole;
  Scene row;
  double top = kEdge;
  const auto flush = [&] {
    add(whole, row, {kEdge, top - row.top});
    top += row.bottom - row.top + kRow;
    row = Scene{};
  };
  for (std::size_t k = 0; k < pieces.size(); ++k) {
    double width = pieces[k].scene.right - pieces[k].scene.left + kGap;
    // A sign stays with what follows it.
    const bool sign_here =
        k + 1 < pieces.size() && pieces[k].scene.shapes.empty() && pieces[k].scene.lines.empty();
    if (sign_here) width += pieces[k + 1].scene.right - pieces[k + 1].scene.left + kGap;
    const bool after_sign =
        k > 0 && pieces[k - 1].scene.shapes.empty() && pieces[k - 1].scene.lines.empty();
    if (row.right > 0 && !after_sign && row.right + width > options.most_width) flush();
    put(row, pieces[k].scene, kGap);
  }
  flush();
  whole.include({0, 0}, {whole.right + kEdge, top - kRow + kEdge});
  return whole;
}

Scene draw(const std::vector<const Diagram*>& diagrams, const DrawOptions& options) {
  Scene whole;
  for (const Diagram* diagram : diagrams) {
    if (diagrams.size() > 1) {
      Text name{.role = Text::Role::Group,
                .text = diagram->name,
                .at = {kEdge, whole.bottom + kRow / 2},
                .anchor = -1};
      whole.include({0, 0}, {2 * kEdge + text_width(name), whole.bottom + kRow});
      whole.texts.push_back(std::move(name));
    }
    add(whole, draw(*diagram, options), {0, whole.bottom});
  }
  return whole;
}

}  // namespace ranklens::tn::diagram
