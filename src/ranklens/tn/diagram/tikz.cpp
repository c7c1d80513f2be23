#include <fmt/format.h>

#include "ranklens/tn/diagram/geometry.h"
#include "ranklens/tn/diagram/svg.h"

namespace ranklens::tn::diagram {
namespace {

/// Pixels to points of TeX; y upwards.
std::string place_tex(Point p) {
  return fmt::format("({:.1f}pt,{:.1f}pt)", 0.75 * p.x, -0.75 * p.y);
}

/// Characters that mean something to TeX, written so that they do not.
std::string tex(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (std::string_view("#$%&_{}").find(c) != std::string_view::npos) {
      result += '\\';
      result += c;
    } else if (c == '\\') {
      result += "\\textbackslash{}";
    } else if (c == '^' || c == '~') {
      result += '\\';
      result += c;
      result += "{}";
    } else {
      result += c;
    }
  }
  return result;
}

std::string path_tex(std::initializer_list<Point> points) {
  std::string path;
  for (const Point& p : points) path += place_tex(p) + " -- ";
  return path + "cycle";
}

std::string box_tex(const Shape& s, double shrink, double radius) {
  const Point half{s.half_width - shrink, s.half_height - shrink};
  return fmt::format("[rounded corners={:.1f}pt] {} rectangle {}", 0.75 * radius,
                     place_tex(s.centre - half), place_tex(s.centre + half));
}

std::string shape_tex(const Shape& s) {
  const Point c = s.centre, half{s.half_width, s.half_height};
  const double w = s.half_width, h = s.half_height;
  const auto corner = corners(s);
  const std::string round = box_tex(s, 0, h - 0.01);
  switch (s.form) {
    case Form::Circle:
      return "\\filldraw[tensor] " + round + ";\n";
    case Form::DoubleCircle:
      return "\\filldraw[tensor] " + round + ";\n\\draw " + box_tex(s, 3, h - 3.01) + ";\n";
    case Form::HalfCircle:
      return "\\filldraw[tensor] " + round + ";\n\\begin{scope}\\clip " + round +
             ";\\fill[opacity=.4] " + place_tex(c - half) + " rectangle " +
             place_tex(c + Point{0, h}) + ";\\end{scope}\n";
    case Form::BarredCircle: {
      const auto [far, near] = bar(s);
      return "\\filldraw[tensor] " + round + ";\n\\draw " + place_tex(c - far) + " -- " +
             place_tex(c - near) + " " + place_tex(c + near) + " -- " + place_tex(c + far) + ";\n";
    }
    case Form::Diamond:
      return "\\filldraw[tensor] " +
             path_tex({c + Point{-w, 0}, c + Point{0, -h}, c + Point{w, 0}, c + Point{0, h}}) +
             ";\n";
    case Form::Square:
      return "\\filldraw[isometry] " + box_tex(s, 0, 2) + ";\n";
    case Form::Triangle:
      return "\\filldraw[isometry] " + path_tex({corner[0], corner[1], corner[2]}) + ";\n";
    case Form::Wedge:
      return "\\fill " + path_tex({corner[0], corner[1], corner[2]}) + ";\n";
    case Form::Dot:
      return fmt::format("\\fill {} circle ({:.1f}pt);\n", place_tex(c), 0.75 * h);
    case Form::OpenDot:
      return fmt::format("\\filldraw[fill=white] {} circle ({:.1f}pt);\n", place_tex(c), 0.75 * h);
    case Form::Node:
      return "\\filldraw[function] " + box_tex(s, 0, 6) + ";\n";
    case Form::Frame:
      return "\\draw[gray] " + box_tex(s, 0, 8) + ";\n";
    case Form::Dashed:
      return "\\draw[dashed] " + box_tex(s, 0, 10) + ";\n";
  }
  return "";
}

std::string line_tex(const Line& line) {
  std::string path = place_tex(line.points[0]);
  for (std::size_t k = 1; k + 2 < line.points.size(); k += 3) {
    path += " .. controls " + place_tex(line.points[k]) + " and " + place_tex(line.points[k + 1]) +
            " .. " + place_tex(line.points[k + 2]);
  }
  return fmt::format("\\draw[line width={:.2f}pt] {};\n", 0.75 * line.width, path);
}

std::string text_tex(const Text& text) {
  const auto [name, index] = name_and_index(text.text);
  std::string words = tex(text.text);
  std::string options = text.anchor == 0 ? "" : text.anchor < 0 ? ",anchor=west" : ",anchor=east";
  switch (text.role) {
    case Text::Role::Tensor:
    case Text::Role::Leg:
      words = "$" + tex(name) + (index.empty() ? "" : "_{" + tex(index) + "}") +
              (text.conjugate ? "^{*}" : "") + "$";
      if (text.role == Text::Role::Leg) options += ",font=\\scriptsize";
      break;
    case Text::Role::Sign:
      words = "$" + (text.text.starts_with("−") ? "-" + tex(text.text.substr(3)) : tex(text.text)) +
              "$";
      break;
    default:
      options += ",font=\\sffamily\\scriptsize";
  }
  return fmt::format("\\node[inner sep=0pt{}] at {} {{{}}};\n", options, place_tex(text.at), words);
}

}  // namespace

std::string tikz(const Scene& scene, std::string_view title) {
  std::string text = "% ";
  for (const char c : title) text += c == '\n' || c == '\r' ? ' ' : c;
  text +=
      "\n\\begin{tikzpicture}[line width=0.9pt,tensor/.style={fill=blue!12},"
      "isometry/.style={fill=orange!25},function/.style={fill=violet!20}]\n";
  const auto is_outline = [](const Shape& s) {
    return s.form == Form::Dashed || s.form == Form::Frame;
  };
  for (const Shape& shape : scene.shapes) {
    if (is_outline(shape)) text += shape_tex(shape);
  }
  for (const Line& line : scene.lines) text += line_tex(line);
  for (const Shape& shape : scene.shapes) {
    if (!is_outline(shape)) text += shape_tex(shape);
  }
  for (const Text& one : scene.texts) text += text_tex(one);
  return text + "\\end{tikzpicture}\n";
}

}  // namespace ranklens::tn::diagram
