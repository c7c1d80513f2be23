#include "ranklens/nn/weight_diagram.h"

#include <fmt/ranges.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/diagram/parse.h"

namespace ranklens::nn {
namespace {

/// A diagram being written: tensors with their legs and places, and where open legs end.
class DiagramWriter {
 public:
  struct NamedLeg {
    std::string name;
    std::int64_t size = 1;
  };

  void add(const std::string& name, const std::vector<NamedLeg>& legs, double x, double y) {
    std::vector<std::string> sized, plain;
    for (const auto& leg : legs) {
      sized.push_back(fmt::format("{}:{}", leg.name, leg.size));
      plain.push_back(leg.name);
    }
    // The copy tensor is built in.
    if (name != "copy") declared_ += fmt::format("tensor {}[{}]\n", name, fmt::join(sized, ", "));
    product_ += fmt::format(" {}[{}] @ ({}, {})", name, fmt::join(plain, ","), x, y);
  }

  void open(const std::string& leg, const char* side) {
    open_.push_back(fmt::format("{} {}", leg, side));
  }

  std::string text() const {
    return fmt::format("{}diagram weight:{} -> {}\n", declared_, product_, fmt::join(open_, ", "));
  }

 private:
  std::string declared_, product_;
  std::vector<std::string> open_;
};

using Legs = std::vector<DiagramWriter::NamedLeg>;

/// Cores in a row; [h, w, r] is a window.
std::string train_text(const std::vector<Factor>& factors) {
  DiagramWriter writer;
  for (std::size_t k = 0; k < factors.size(); ++k) {
    const auto& core = factors[k].tensor;
    const auto left = fmt::format("r{}", k), right = fmt::format("r{}", k + 1);
    Legs legs;
    if (k > 0) legs.push_back({left, core.size(0)});
    if (core.dim() == 3) {
      legs.insert(legs.end(), {{"y", core.size(0)}, {"x", core.size(1)}});
      writer.open("y", "left");
      writer.open("x", "left");
    } else {
      const auto out = fmt::format("o{}", k + 1), in = fmt::format("i{}", k + 1);
      legs.insert(legs.end(), {{out, core.size(1)}, {in, core.size(2)}});
      writer.open(out, "up");
      writer.open(in, "down");
    }
    if (k + 1 < factors.size()) legs.push_back({right, core.size(-1)});
    writer.add(fmt::format("G{}", k + 1), legs, static_cast<double>(k), 0);
  }
  return writer.text();
}

/// The input's side of a kernel: channels, and the window where it has one.
Legs input_legs(const Shape& shape) {
  Legs legs{{"i", shape[1]}};
  if (shape.size() == 4) legs.insert(legs.end(), {{"y", shape[2]}, {"x", shape[3]}});
  return legs;
}

std::string low_rank_text(const Shape& shape, const std::vector<Factor>& factors) {
  DiagramWriter writer;
  const bool core = factors.size() == 3;
  const auto &u = factors.front().tensor, &v = factors.back().tensor;
  writer.add("U", {{"o", shape[0]}, {"r", u.size(1)}}, 0, 0);
  if (core) writer.add("S", {{"r", u.size(1)}, {"s", v.size(1)}}, 1, 0);
  auto legs = input_legs(shape);
  legs.insert(legs.begin(), {core ? "s" : "r", v.size(1)});
  writer.add("V", legs, core ? 2 : 1, 0);
  writer.open("o", "left");
  for (std::size_t k = 1; k < legs.size(); ++k) writer.open(legs[k].name, "right");
  return writer.text();
}

std::string tucker_text(const Shape& shape, const std::vector<Factor>& factors) {
  DiagramWriter writer;
  const auto& core = factors[1].tensor;
  Legs legs{{"p", core.size(0)}, {"q", core.size(1)}};
  writer.open("o", "left");
  writer.open("i", "right");
  if (shape.size() == 4) {
    legs.insert(legs.end(), {{"y", shape[2]}, {"x", shape[3]}});
    writer.open("y", "up");
    writer.open("x", "down");
  }
  writer.add("U", {{"o", shape[0]}, {"p", core.size(0)}}, 0, 0);
  writer.add("C", legs, 1, 0);
  writer.add("V", {{"q", core.size(1)}, {"i", shape[1]}}, 2, 0);
  return writer.text();
}

std::string cp_text(const Shape& shape, const std::vector<Factor>& factors) {
  struct Place {
    const char *tensor, *leg, *side;
    double x, y;
  };
  constexpr Place places[] = {{"A", "o", "left", 0, 1},
                              {"B", "i", "right", 2, 1},
                              {"Y", "y", "up", 1, 0},
                              {"X", "x", "down", 1, 2}};
  DiagramWriter writer;
  Legs joined;
  for (std::size_t k = 0; k < factors.size(); ++k) {
    const auto& [tensor, leg, side, x, y] = places[k];
    joined.push_back({fmt::format("r{}", k + 1), factors[k].tensor.size(1)});
    writer.add(tensor, {{leg, shape[k]}, joined.back()}, x, y);
    writer.open(leg, side);
  }
  writer.add("copy", joined, 1, 1);
  return writer.text();
}

}  // namespace

std::string diagram_text(const Weight& weight) {
  const auto kind = weight->kind();
  if (kind == "tt" || kind == "tt_conv") return train_text(weight->factors());
  if (kind == "low_rank") return low_rank_text(weight->shape(), weight->factors());
  if (kind == "tucker") return tucker_text(weight->shape(), weight->factors());
  if (kind == "cp") return cp_text(weight->shape(), weight->factors());
  return "";
}

tn::diagram::Document weight_diagram(const std::string& name, const Weight& weight) {
  const auto text = diagram_text(weight);
  base::require(!text.empty(), "weight '{}' is not stored in factors: there is nothing to draw",
                name);
  auto document = tn::diagram::parse(text, "'" + name + "'");
  document.diagrams.front().name = name;
  document.diagrams.front().show_sizes = true;
  return document;
}

}  // namespace ranklens::nn
