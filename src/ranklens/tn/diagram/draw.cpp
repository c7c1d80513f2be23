#include "ranklens/tn/diagram/draw.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "ranklens/tn/diagram/layout.h"
#include "ranklens/tn/diagram/net.h"

namespace ranklens::tn::diagram {
namespace {

constexpr double kGap = 14;   // beside a sign
constexpr double kRow = 26;   // between rows
constexpr double kEdge = 10;  // around the whole

/// Pieces that stand in a row: a sign, or a drawing.
struct Piece {
  Scene scene;
  bool sign = false;
  bool equals = false;

  double width() const { return scene.right - scene.left + kGap; }
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
    if (!text.empty()) pieces.push_back({sign(text), true});
    pieces.push_back({draw_term(diagram, sum[k], open)});
  }
}

Side side_towards(Point direction) {
  if (std::abs(direction.x) > std::abs(direction.y))
    return direction.x < 0 ? Side::Left : Side::Right;
  return direction.y < 0 ? Side::Up : Side::Down;
}

/// The only open leg of sums of several terms leaves all of them on one side: where it leaves the
/// first that is a product, since a single tensor can be turned.
std::vector<OpenLeg> with_one_side(const Diagram& diagram, const std::vector<Sum>& sums,
                                   std::vector<OpenLeg> open) {
  if (open.size() != 1 || open[0].side != Side::Any) return open;
  std::size_t terms = 0;
  for (const Sum& sum : sums) terms += sum.size();
  if (terms < 2) return open;
  for (const Sum& sum : sums) {
    for (const Term& term : sum) {
      const Net net = net_of(diagram, term, open);
      const auto wire =
          std::find_if(net.wires.begin(), net.wires.end(), [](const Wire& w) { return w.open(); });
      if (net.nodes.size() < 2 || wire == net.wires.end()) continue;
      const auto number = static_cast<std::size_t>(wire - net.wires.begin());
      open[0].side = side_towards(open_directions(net, place(net))[number].direction);
      return open;
    }
  }
  return open;
}

/// What must stand in one row with piece `k`: a sign and what follows it, all of a side behind '='
/// where a row holds that.
double width_with(const std::vector<Piece>& pieces, std::size_t k, double most) {
  double width = pieces[k].width();
  if (!pieces[k].sign) return width;
  double side = width;
  bool has_term = false;
  for (std::size_t next = k + 1; next < pieces.size() && !pieces[next].equals; ++next) {
    side += pieces[next].width();
    if (!has_term) width = side;
    has_term = has_term || !pieces[next].sign;
  }
  return pieces[k].equals && side <= most ? side : width;
}

}  // namespace

double thickness(std::int64_t size) {
  return std::min(7.0, 1.0 + 0.45 * std::log2(static_cast<double>(size)));
}

Scene draw_sum(const Diagram& diagram, const Sum& sum, const std::vector<OpenLeg>& open) {
  std::vector<Piece> pieces;
  put_sum(pieces, diagram, sum, with_one_side(diagram, {sum}, open));
  Scene row;
  for (const Piece& piece : pieces) put(row, piece.scene, kGap);
  return row;
}

Scene draw(const Diagram& diagram, const DrawOptions& options) {
  const auto open = with_one_side(diagram, diagram.sides, diagram.open);
  std::vector<Piece> pieces;
  for (std::size_t k = 0; k < diagram.sides.size(); ++k) {
    if (k > 0) pieces.push_back({sign("="), true, true});
    put_sum(pieces, diagram, diagram.sides[k], open);
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
    const double width = width_with(pieces, k, options.most_width);
    const bool after_sign = k > 0 && pieces[k - 1].sign;
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
