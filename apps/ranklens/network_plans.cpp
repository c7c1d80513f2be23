#include "network_plans.h"

#include <filesystem>
#include <set>

#include <fmt/ranges.h>

#include "ranklens/base/error.h"
#include "ranklens/base/files.h"
#include "ranklens/nn/weight_diagram.h"
#include "ranklens/report/table.h"
#include "ranklens/tn/diagram/draw.h"
#include "ranklens/tn/diagram/svg.h"

namespace ranklens::app {
namespace {

void require_some(bool some, const OpenedModel& opened) {
  base::require(some,
                "'{}' has no weight in factors: 'ranklens compress' makes some, and a built-in "
                "network may have --head 'tt(...)'",
                opened.name);
}

std::string pass_name(const nn::PlannedPass& pass) {
  return pass.mode.empty() ? pass.pass : fmt::format("{}, {}", pass.pass, pass.mode);
}

}  // namespace

Json plan_json(const std::vector<nn::LayerPlan>& plans) {
  Json list = Json::array();
  for (const auto& plan : plans) {
    Json passes = Json::array();
    for (const auto& pass : plan.passes)
      passes.push_back({{"pass", pass.pass},
                        {"mode", pass.mode},
                        {"order", pass.order},
                        {"forward_flops", pass.forward},
                        {"backward_flops", pass.backward},
                        {"kept_bytes", pass.kept},
                        {"working_bytes", pass.working}});
    list.push_back({{"layer", plan.layer},
                    {"weight", plan.weight},
                    {"shape", plan.shape},
                    {"dtype", plan.dtype},
                    {"rows", plan.rows},
                    {"passes", passes}});
  }
  return list;
}

std::string plan_text(const OpenedModel& opened, const std::vector<nn::LayerPlan>& plans,
                      std::int64_t batch) {
  require_some(!plans.empty(), opened);
  using report::Format;
  report::Table table{
      .id = "plan",
      .columns = {{.title = "pass"},
                  {.title = "forward", .unit = "MFLOP", .format = Format::Number, .decimals = 2},
                  {.title = "backward", .unit = "MFLOP", .format = Format::Number, .decimals = 2},
                  {.title = "kept", .unit = "KiB", .format = Format::Number, .decimals = 1},
                  {.title = "working", .unit = "KiB", .format = Format::Number, .decimals = 1},
                  {.title = "order"}}};
  for (const auto& plan : plans) {
    const auto group = fmt::format("{} {} {} {}, {} rows", plan.layer, fmt::join(plan.shape, "x"),
                                   plan.dtype, plan.weight, plan.rows);
    for (const auto& pass : plan.passes) {
      const bool training = pass.pass == "training";
      table.rows.push_back({.cells = {pass_name(pass), pass.forward / 1e6,
                                      training ? report::Cell(pass.backward / 1e6) : report::Cell(),
                                      training ? report::Cell(pass.kept / 1024) : report::Cell(),
                                      pass.working / 1024, pass.order},
                            .group = group});
    }
  }
  return fmt::format(
      "{} ({}), {} {}\n{}a multiply-add is two FLOPs; kept: between the passes, beside inputs and "
      "weights; working: beside that, a thread\n",
      opened.name, to_string(opened.origin), batch, batch == 1 ? "image" : "images",
      report::to_text(table));
}

Json draw_weights(const std::string& file, const OpenedModel& opened) {
  const auto extension = std::filesystem::path(file).extension();
  base::require(extension == ".svg" || extension == ".tikz",
                "a diagram is written as .svg or .tikz, not as '{}'", file);
  Json list = Json::array();
  std::vector<tn::diagram::Document> documents;
  std::set<std::string> seen;
  for (const auto& node : opened.network().graph.nodes()) {
    for (const auto& [role, name] : node.weights) {
      const auto& weight = opened.network().state.at(name).weight;
      if (weight.is_dense() || !seen.insert(name).second) continue;
      const auto title =
          fmt::format("{}: {} {}", node.name, fmt::join(weight->shape(), "x"), weight->spec());
      documents.push_back(nn::weight_diagram(title, weight));
      list.push_back({{"layer", node.name},
                      {"weight", weight->spec()},
                      {"diagram", nn::diagram_text(weight)}});
    }
  }
  require_some(!documents.empty(), opened);
  std::vector<const tn::diagram::Diagram*> diagrams;
  for (const auto& document : documents) diagrams.push_back(&document.diagrams.front());
  // One diagram alone would stand there without its name.
  const auto title = diagrams.size() == 1 ? diagrams.front()->name : opened.name;
  const auto scene = tn::diagram::draw(diagrams);
  base::write_file(
      file, extension == ".svg" ? tn::diagram::svg(scene, title) : tn::diagram::tikz(scene, title));
  return list;
}

}  // namespace ranklens::app
