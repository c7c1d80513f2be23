#include "ranklens/tn/diagram/scene.h"

namespace ranklens::tn::diagram {

void add(Scene& scene, const Scene& part, Point by) {
  for (Line line : part.lines) {
    for (Point& point : line.points) point = point + by;
    scene.lines.push_back(std::move(line));
  }
  for (Shape shape : part.shapes) {
    shape.centre = shape.centre + by;
    scene.shapes.push_back(shape);
  }
  for (Text text : part.texts) {
    text.at = text.at + by;
    scene.texts.push_back(std::move(text));
  }
  scene.include(Point{part.left, part.top} + by, Point{part.right, part.bottom} + by);
}

std::pair<std::string, std::string> name_and_index(const std::string& name) {
  std::size_t end = name.size();
  while (end > 0 && name[end - 1] >= '0' && name[end - 1] <= '9') --end;
  const auto bar = name.find('_');
  if (bar != std::string::npos && bar > 0 && bar + 1 < name.size()) {
    return {name.substr(0, bar), name.substr(bar + 1)};
  }
  if (end == 0) return {name, ""};
  return {name.substr(0, end), name.substr(end)};
}

double text_width(const Text& text) {
  const auto characters = [](const std::string& s) {
    return static_cast<double>(
        std::count_if(s.begin(), s.end(), [](char c) { return (c & 0xc0) != 0x80; }));
  };
  switch (text.role) {
    case Text::Role::Tensor: {
      const auto [name, index] = name_and_index(text.text);
      return 9.5 * characters(name) + 6.5 * characters(index) + (text.conjugate ? 6 : 0);
    }
    case Text::Role::Leg: {
      const auto [name, index] = name_and_index(text.text);
      return 7.0 * characters(name) + 5.0 * characters(index);
    }
    case Text::Role::Function:
    case Text::Role::Group:
      return 7.0 * characters(text.text);
    case Text::Role::Sign:
      return 11.0 * characters(text.text);
  }
  return 0;
}

}  // namespace ranklens::tn::diagram
