#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

#include "ranklens/base/error.h"
#include "ranklens/nn/fetch.h"
#include "ranklens/nn/foreign.h"
#include "ranklens/nn/inspect.h"
#include "ranklens/report/table.h"

#include "checks.h"
#include "commands.h"
#include "model.h"
#include "network_plans.h"
#include "outputs.h"
#include "trains.h"

namespace ranklens::app {
namespace {

struct InfoOptions {
  Common common;
  ModelOptions model;
  std::int64_t batch = 1;
  std::string state_dict, diagram;
  bool plan = false;
};

/// Sums over all nodes. A multiply-add is two operations.
struct Totals {
  std::int64_t multiply_adds = 0, activation_bytes = 0;
};

Totals totals_of(const std::vector<nn::NodeCost>& nodes) {
  Totals totals;
  for (const auto& node : nodes) {
    totals.multiply_adds += node.multiply_adds;
    totals.activation_bytes += node.activation_bytes;
  }
  return totals;
}

void list_networks(const Common& common) {
  Json list = Json::array();
  std::string text = "built-in networks\n";
  for (const auto& [name, summary] : nn::zoo::list()) {
    const bool there = nn::fetched_model(name).has_value();
    list.push_back({{"name", name}, {"summary", summary}, {"fetched", there}});
    text += fmt::format("  {:<20} {}{}\n", name, summary, there ? "; fetched" : "");
  }
  emit_and_save(common, Json{{"networks", list}}, text);
}

Json json_of(const OpenedModel& opened, const std::vector<nn::NodeCost>& nodes,
             std::int64_t batch) {
  const auto& network = opened.network();
  const auto totals = totals_of(nodes);
  Json inputs = Json::array(), list = Json::array();
  for (const auto& input : network.graph.inputs()) {
    inputs.push_back({{"name", input.name}, {"shape", input.sample}});
  }
  for (const auto& node : nodes) {
    list.push_back({{"name", node.name},
                    {"kind", node.kind},
                    {"output", node.outputs.front()},
                    {"outputs", node.outputs},
                    {"parameters", node.parameters},
                    {"weight", node.weight},
                    {"flops", 2 * node.multiply_adds},
                    {"activation_bytes", node.activation_bytes}});
  }
  return {{"model", opened.name},
          {"origin", to_string(opened.origin)},
          {"inputs", inputs},
          {"outputs", network.graph.outputs()},
          {"batch", batch},
          {"parameters", network.state.parameters()},
          {"trainable", network.state.trainable_parameters()},
          {"buffers", network.state.buffer_numbers()},
          {"flops", 2 * totals.multiply_adds},
          {"activation_bytes", totals.activation_bytes},
          {"labels", opened.model.labels},
          {"metadata", opened.model.metadata},
          {"nodes", list}};
}

std::string sizes_of(const std::vector<nn::Shape>& outputs) {
  std::string text;
  for (const auto& shape : outputs) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", fmt::join(shape, "x"));
  }
  return text;
}

std::string text_of(const OpenedModel& opened, const std::vector<nn::NodeCost>& nodes) {
  using report::Format;
  report::Table table{
      .id = "nodes",
      .columns = {
          {.title = "node"},
          {.title = "kind"},
          {.title = "output"},
          {.title = "weight"},
          {.title = "parameters", .format = Format::Integer},
          {.title = "FLOPs", .format = Format::Integer},
          {.title = "activations", .unit = "KiB", .format = Format::Number, .decimals = 1}}};
  const auto kib = [](std::int64_t bytes) { return static_cast<double>(bytes) / 1024; };
  for (const auto& node : nodes) {
    table.rows.push_back({{node.name, node.kind, sizes_of(node.outputs), node.weight,
                           node.parameters, 2 * node.multiply_adds, kib(node.activation_bytes)}});
  }
  const auto& state = opened.network().state;
  const auto totals = totals_of(nodes);
  table.rows.push_back(
      {{std::string("total"), std::string(), std::string(), std::string(), state.parameters(),
        2 * totals.multiply_adds, kib(totals.activation_bytes)}});
  std::string text = fmt::format("{} ({})\n", opened.name, to_string(opened.origin));
  for (const auto& input : opened.network().graph.inputs()) {
    text += fmt::format("takes {} [{}]\n", input.name, fmt::join(input.sample, " x "));
  }
  return text + report::to_text(table) +
         fmt::format("{} parameters, {} of them trainable; {} numbers in buffers\n",
                     state.parameters(), state.trainable_parameters(), state.buffer_numbers());
}

/// A file that decompose wrote.
void info_of_stored(const InfoOptions& options) {
  base::require(!options.plan && options.diagram.empty() && options.state_dict.empty(),
                "--plan, --diagram and --state-dict are for networks, and '{}' holds a decomposed "
                "tensor",
                options.model.model);
  const auto stored = open_stored(options.model.model, options.common);
  emit_and_save(
      options.common, summary_of(stored),
      fmt::format("{}: {}, {}\n", options.model.model, format_title(stored), described(stored)));
}

void info(const InfoOptions& options) {
  start(options.common);
  base::require((!options.plan && options.diagram.empty()) || !options.model.model.empty(),
                "--plan and --diagram need the network that they are of");
  const bool svg = std::filesystem::path(options.diagram).extension() == ".svg";
  require_replaceable({{"--state-dict", options.state_dict, FileKind::state_dict},
                       {"--diagram", options.diagram, svg ? FileKind::svg : FileKind::tikz}},
                      {options.model.model, options.model.weights});
  if (!options.model.model.empty() && tn::holds_stored(options.model.model))
    return info_of_stored(options);
  base::require(options.state_dict.empty() || !options.model.model.empty(),
                "--state-dict needs the network whose weights it writes");
  if (options.model.model.empty()) return list_networks(options.common);
  const auto opened = open_model(options.model, options.common, Fetched::wanted);
  const auto nodes = nn::costs(opened.network(), options.batch);
  if (!options.state_dict.empty())
    nn::write_state_dict_file(options.state_dict, nn::state_dict(opened.network()));
  auto json = json_of(opened, nodes, options.batch);
  auto text = options.plan ? "" : text_of(opened, nodes);
  if (!options.state_dict.empty()) {
    json["state_dict"] = options.state_dict;
    text += fmt::format("the state dict: {}\n", options.state_dict);
  }
  if (options.plan) {
    const auto plans = nn::layer_plans(opened.network(), options.batch);
    json["plan"] = plan_json(plans);
    text += plan_text(opened, plans, options.batch);
  }
  if (!options.diagram.empty()) {
    json["diagrams"] = draw_weights(options.diagram, opened);
    text += fmt::format("{}: {} weights in factors\n", options.diagram, json["diagrams"].size());
  }
  emit_and_save(options.common, json, text);
}

}  // namespace

void add_info(CLI::App& root) {
  const auto options = std::make_shared<InfoOptions>();
  auto& command =
      add_command(root, "info", "show a network node by node, or list the built-in ones",
                  "  ranklens info cnn-tt --json\n  ranklens info\n"
                  "  ranklens info runs/a/best.safetensors --state-dict best.pth\n"
                  "  ranklens info cnn-tt --plan --batch 128\n"
                  "  ranklens info cnn-tt --diagram cnn-tt.svg",
                  options->common, Out::json_file);
  add_model_options(command, options->model);
  command.get_option("--model")->required(false);
  auto& shape = options->model.shape;
  const std::string group = "Of built-in networks";
  const auto add = [&](const char* name, std::int64_t& value, const char* text) {
    command.add_option(name, value, text)->check(whole_number(1, 65536))->group(group);
  };
  add("--channels", shape.channels, "of its images");
  add("--size", shape.size, "pixels a side of its images");
  add("--classes", shape.classes, "how many it tells apart");
  command.add_option("--batch", options->batch, "how many images the costs are for")
      ->check(whole_number(1, 1 << 20))
      ->capture_default_str();
  command.add_option("--state-dict", options->state_dict,
                     "also write the weights for PyTorch: FILE.pth, .pt or .safetensors");
  command.add_flag("--plan", options->plan,
                   "in which order the weights in factors are applied to --batch images, what that "
                   "takes and holds");
  command.add_option("--diagram", options->diagram,
                     "draw the weights in factors as tensor diagrams: FILE.svg or FILE.tikz");
  command.callback([options] { info(*options); });
}

}  // namespace ranklens::app
