#include <filesystem>
#include <memory>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

#include "ranklens/base/error.h"
#include "ranklens/base/files.h"
#include "ranklens/base/npy.h"
#include "ranklens/tn/diagram/draw.h"
#include "ranklens/tn/diagram/evaluate.h"
#include "ranklens/tn/diagram/parse.h"
#include "ranklens/tn/diagram/svg.h"

#include "commands.h"
#include "outputs.h"

namespace ranklens::app {
namespace {

namespace diagrams = tn::diagram;

struct DiagramOptions {
  Common common;
  std::string file, name, svg, tikz, tensors;
  bool draw_only = false;
};

/// The diagrams that are asked for: the one called --name, or all.
std::vector<const diagrams::Diagram*> chosen_diagrams(const diagrams::Document& document,
                                                      const std::string& name) {
  std::vector<const diagrams::Diagram*> list;
  std::vector<std::string> names;
  for (const auto& diagram : document.diagrams) {
    names.push_back(diagram.name);
    if (name.empty() || diagram.name == name) list.push_back(&diagram);
  }
  base::require(!list.empty(), "diagram '{}' is not in the file{}", name,
                base::nearest_hint(name, names));
  return list;
}

/// The tensors that the folder has as NAME.npy, and random ones for the rest.
diagrams::Values values_of(const diagrams::Document& document, const DiagramOptions& options) {
  diagrams::Values values;
  const std::filesystem::path folder = options.tensors;
  if (!options.tensors.empty()) {
    base::require(std::filesystem::is_directory(folder), "'{}' is not a folder", options.tensors);
    for (const auto& tensor : document.tensors) {
      const auto path = folder / (tensor.name + ".npy");
      if (!std::filesystem::exists(path)) continue;
      values[tensor.name] =
          diagrams::checked_value(tensor, base::read_npy(path), fmt::format("'{}'", path.string()));
    }
  }
  values = diagrams::random_values(document, options.common.seed, std::move(values));
  for (auto& [name, value] : values) value = value.to(options.common.torch_device());
  return values;
}

/// What is known of one diagram after its evaluation.
struct Outcome {
  Json json = {};
  std::string text = {};
  bool holds = true;
};

/// What is known of it without: its legs, in words, too.
Outcome drawing_of(const diagrams::Diagram& diagram) {
  Json legs = Json::array();
  std::string shape;
  for (const auto& leg : diagram.open) {
    const auto size = diagram.sizes.at(leg.name);
    legs.push_back({{"name", leg.name}, {"size", size}});
    shape += fmt::format("{}{}={}", shape.empty() ? "" : ", ", leg.name, size);
  }
  return {
      .json = {{"name", diagram.name}, {"legs", legs}, {"einsum", diagrams::einsum_text(diagram)}},
      .text =
          fmt::format("{}: {} [{}]", diagram.name, legs.empty() ? "a number" : "a tensor", shape)};
}

Outcome outcome_of(const diagrams::Diagram& diagram, const std::vector<at::Tensor>& sides) {
  const double norm = sides.front().abs().square().sum().sqrt().item<double>();
  const double apart = diagrams::largest_difference(sides);
  Outcome outcome = drawing_of(diagram);
  outcome.holds = apart <= diagram.tolerance;
  outcome.json.update({{"norm", norm},
                       {"sides", sides.size()},
                       {"difference", apart},
                       {"tolerance", diagram.tolerance},
                       {"holds", outcome.holds}});
  outcome.text += fmt::format(", norm {:.6g}", norm);
  if (sides.size() > 1) {
    outcome.text += fmt::format("; {} sides {} (difference {:.2g}, allowed {:.2g})", sides.size(),
                                outcome.holds ? "are equal" : "DIFFER", apart, diagram.tolerance);
  }
  outcome.text += '\n';
  return outcome;
}

void draw_files(const DiagramOptions& options, const diagrams::Document& document,
                const std::vector<const diagrams::Diagram*>& chosen) {
  const diagrams::Scene scene = diagrams::draw(chosen);
  const std::string title = document.title.empty() ? options.file : document.title;
  if (!options.svg.empty()) base::write_file(options.svg, diagrams::svg(scene, title));
  if (!options.tikz.empty()) base::write_file(options.tikz, diagrams::tikz(scene, title));
}

/// None of the files to write is one to read, nor somebody else's.
void check_files(const DiagramOptions& options, const diagrams::Document& document) {
  std::vector<std::string> inputs{options.file};
  if (!options.tensors.empty()) {
    for (const auto& tensor : document.tensors)
      inputs.push_back((std::filesystem::path(options.tensors) / (tensor.name + ".npy")).string());
  }
  require_replaceable({{"--out", options.common.out, FileKind::array},
                       {"--svg", options.svg, FileKind::svg},
                       {"--tikz", options.tikz, FileKind::tikz}},
                      inputs);
}

/// Drawn as large as the tensors would be: none of them is made.
void draw_only(const DiagramOptions& options, const diagrams::Document& document,
               const std::vector<const diagrams::Diagram*>& chosen) {
  draw_files(options, document, chosen);
  Json list = Json::array();
  std::string text;
  for (const auto* one : chosen) {
    const auto drawn = drawing_of(*one);
    list.push_back(drawn.json);
    text += drawn.text + ", not computed\n";
  }
  emit(options.common, Json{{"title", document.title}, {"diagrams", list}}, text);
}

void check_draw_only(const DiagramOptions& options) {
  base::require(options.common.out.empty() && options.tensors.empty(),
                "--draw computes nothing: it goes with neither --out nor --tensors");
  base::require(!options.svg.empty() || !options.tikz.empty(),
                "--draw needs a file to draw to: --svg or --tikz");
}

void diagram(const DiagramOptions& options) {
  start(options.common);
  if (options.draw_only) check_draw_only(options);
  const auto document =
      diagrams::parse(base::read_file(options.file), fmt::format("'{}'", options.file));
  const auto chosen = chosen_diagrams(document, options.name);
  base::require(options.common.out.empty() || chosen.size() == 1,
                "--out takes the result of one diagram: choose it with --name");
  check_files(options, document);
  if (options.draw_only) return draw_only(options, document, chosen);
  const auto values = values_of(document, options);
  Json list = Json::array();
  std::string text, wrong;
  bool drawn = false;
  for (const auto* one : chosen) {
    const auto sides = diagrams::evaluate(document, *one, values);
    // Once it is known that the values can be read and the first diagram computed.
    if (!std::exchange(drawn, true)) draw_files(options, document, chosen);
    if (!options.common.out.empty()) base::write_npy(options.common.out, sides.front().cpu());
    const Outcome outcome = outcome_of(*one, sides);
    list.push_back(outcome.json);
    text += outcome.text;
    if (!outcome.holds) wrong += (wrong.empty() ? "'" : ", '") + one->name + "'";
  }
  emit(options.common, Json{{"title", document.title}, {"diagrams", list}}, text);
  if (!wrong.empty()) throw base::SystemError("the sides are not equal: diagram " + wrong);
}

}  // namespace

void add_diagram(CLI::App& root) {
  const auto options = std::make_shared<DiagramOptions>();
  CLI::App& command = add_command(
      root, "diagram", "draw tensor diagrams from text, compute them, and check their equalities",
      "  ranklens diagram svd.tn --svg svd.svg\n"
      "  ranklens diagram svd.tn --name low_rank --tensors DIR --out R.npy --json\n"
      "  ranklens diagram svd.tn --draw --tikz svd.tex",
      options->common, Out::file, {.dtype = false, .quiet = false});
  const auto add = [&](const char* name, auto& value, const char* text) {
    return command.add_option(name, value, text);
  };
  add("FILE", options->file, "the diagrams (docs/diagrams.md)")->required();
  add("--name", options->name, "only the diagram of this name");
  add("--svg", options->svg, "where to draw as SVG");
  add("--tikz", options->tikz, "where to draw as a TikZ picture");
  command.add_flag("--draw", options->draw_only,
                   "draw only: nothing is computed or checked, so that legs may be of any size");
  add("--tensors", options->tensors,
      "a folder with values, NAME.npy each; tensors without a file are random by --seed");
  command.callback([options] { diagram(*options); });
}

}  // namespace ranklens::app
