#include "ranklens/tn/diagram/svg.h"

#include <fmt/format.h>

#include "ranklens/base/markup.h"
#include "ranklens/tn/diagram/geometry.h"

namespace ranklens::tn::diagram {
namespace {

// Classes begin with "td", since a page has others.
constexpr std::string_view kStyle =
    ".tdl{fill:none;stroke:currentColor;stroke-linecap:round}"
    ".tds{stroke:currentColor;stroke-width:1.5;stroke-linejoin:round;fill:#3b82c4;fill-opacity:.22}"
    ".tdo{fill:none;stroke:currentColor;stroke-width:1.2}"
    ".tdk{fill:currentColor}.tdp{fill:#d08a2a;fill-opacity:.3}.tdf{fill:#9a5fc0;fill-opacity:.28}"
    ".tdb{fill:none;stroke:currentColor;stroke-opacity:.55;stroke-width:1.2}"
    ".tdd{fill:none;stroke:currentColor;stroke-opacity:.7;stroke-dasharray:5 4}"
    ".tdx{fill:currentColor;text-anchor:middle;font:italic 15px Georgia,'Times New Roman',serif}"
    ".tdg{font-size:12.5px;fill-opacity:.8}"
    ".tdn,.tdq{font:12.5px system-ui,sans-serif}.tdq{fill-opacity:.8}"
    ".tde{font-style:normal;font-size:20px}";

std::string number(double value) {
  std::string text = fmt::format("{:.1f}", value);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text == "-0" ? "0" : text;
}

std::string polygon(std::initializer_list<Point> points, std::string_view style) {
  std::string text = "<path class=\"" + std::string(style) + "\" d=\"";
  char letter = 'M';
  for (const Point& p : points) {
    text += letter + number(p.x) + " " + number(p.y);
    letter = 'L';
  }
  return text + "Z\"/>\n";
}

std::string rounded(const Shape& s, double shrink, double radius, std::string_view style) {
  const double w = s.half_width - shrink, h = s.half_height - shrink;
  return fmt::format(
      "<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\"/>\n", style,
      number(s.centre.x - w), number(s.centre.y - h), number(2 * w), number(2 * h),
      number(std::max(0.0, radius)));
}

std::string dark_half(const Shape& s) {
  const double h = s.half_height, straight = s.half_width - h;
  return fmt::format(
      "<path class=\"tdk\" fill-opacity=\".4\" d=\"M{} {}h{}a{} {} 0 0 0 0 {}h{}Z\"/>\n",
      number(s.centre.x), number(s.centre.y - h), number(-straight), number(h), number(h),
      number(2 * h), number(straight));
}

std::string shape_svg(const Shape& s) {
  const double w = s.half_width, h = s.half_height;
  const Point c = s.centre;
  const auto corner = corners(s);
  switch (s.form) {
    case Form::Circle:
      return rounded(s, 0, h, "tds");
    case Form::DoubleCircle:
      return rounded(s, 0, h, "tds") + rounded(s, 3, h - 3, "tdo");
    case Form::HalfCircle:
      return rounded(s, 0, h, "tds") + dark_half(s);
    case Form::BarredCircle: {
      const auto [far, near] = bar(s);
      return rounded(s, 0, h, "tds") +
             fmt::format("<path class=\"tdo\" d=\"M{} {}L{} {}M{} {}L{} {}\"/>\n",
                         number(c.x - far.x), number(c.y - far.y), number(c.x - near.x),
                         number(c.y - near.y), number(c.x + near.x), number(c.y + near.y),
                         number(c.x + far.x), number(c.y + far.y));
    }
    case Form::Diamond:
      return polygon({c + Point{-w, 0}, c + Point{0, -h}, c + Point{w, 0}, c + Point{0, h}}, "tds");
    case Form::Square:
      return rounded(s, 0, 2, "tds tdp");
    case Form::Triangle:
      return polygon({corner[0], corner[1], corner[2]}, "tds tdp");
    case Form::Wedge:
      return polygon({corner[0], corner[1], corner[2]}, "tdk");
    case Form::Dot:
      return rounded(s, 0, h, "tdk");
    case Form::OpenDot:
      return rounded(s, 0, h, "tdo");
    case Form::Node:
      return rounded(s, 0, 6, "tds tdf");
    case Form::Frame:
      return rounded(s, 0, 8, "tdb");
    case Form::Dashed:
      return rounded(s, 0, 10, "tdd");
  }
  return "";
}

std::string line_svg(const Line& line) {
  std::string path = "M" + number(line.points[0].x) + " " + number(line.points[0].y);
  for (std::size_t k = 1; k < line.points.size(); ++k) {
    path += (k % 3 == 1 ? "C" : " ") + number(line.points[k].x) + " " + number(line.points[k].y);
  }
  return fmt::format(
      "<path class=\"tdl\" stroke-width=\"{:.2f}\" d=\"{}\"><title>{}</title></path>\n", line.width,
      path, base::escape_html(line.note));
}

std::string name_svg(const std::string& text, bool conjugate) {
  const auto [name, index] = name_and_index(text);
  std::string result = base::escape_html(name);
  if (!index.empty()) {
    result += fmt::format("<tspan dy=\"4\" font-size=\"70%\">{}</tspan>", base::escape_html(index));
  }
  if (conjugate) {
    result += fmt::format("<tspan dy=\"{}\" font-size=\"85%\">∗</tspan>", index.empty() ? -4 : -8);
  }
  return result;
}

std::string text_svg(const Text& text) {
  constexpr std::string_view styles[] = {"tdt", "tdg", "tdn", "tde", "tdq"};
  const std::string anchor = text.anchor == 0  ? ""
                             : text.anchor < 0 ? " style=\"text-anchor:start\""
                                               : " style=\"text-anchor:end\"";
  const bool name = text.role == Text::Role::Tensor || text.role == Text::Role::Leg;
  const double drop = text.role == Text::Role::Sign ? 6.5 : text.role == Text::Role::Tensor ? 5 : 4;
  return fmt::format("<text class=\"tdx {}\" x=\"{}\" y=\"{}\"{}>{}</text>\n",
                     styles[static_cast<int>(text.role)], number(text.at.x),
                     number(text.at.y + drop), anchor,
                     name ? name_svg(text.text, text.conjugate) : base::escape_html(text.text));
}

}  // namespace

std::string_view svg_style() { return kStyle; }

std::string svg(const Scene& scene, std::string_view title, Style style) {
  const std::string width = number(scene.right), height = number(scene.bottom);
  std::string text = fmt::format(
      "<svg class=\"tensor-diagram\" xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" "
      "height=\"{}\" viewBox=\"0 0 {} {}\" role=\"img\">\n<title>{}</title>\n",
      width, height, width, height, base::escape_html(title));
  if (style == Style::Own) {
    text += fmt::format(
        "<style>svg:root{{color:#1b1f24}}@media(prefers-color-scheme:dark)"
        "{{svg:root{{color:#e6e6e6}}}}{}</style>\n",
        svg_style());
  }
  for (const Shape& shape : scene.shapes) {
    if (shape.form == Form::Dashed || shape.form == Form::Frame) text += shape_svg(shape);
  }
  for (const Line& line : scene.lines) text += line_svg(line);
  for (const Shape& shape : scene.shapes) {
    if (shape.form != Form::Dashed && shape.form != Form::Frame) text += shape_svg(shape);
  }
  for (const Text& one : scene.texts) text += text_svg(one);
  return text + "</svg>\n";
}

}  // namespace ranklens::tn::diagram
