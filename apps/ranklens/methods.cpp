#include "ranklens/explain/methods.h"

#include <memory>

#include <fmt/ranges.h>

#include "ranklens/metrics/registry.h"
#include "ranklens/nn/zoo/zoo.h"
#include "ranklens/optim/catalogue.h"

#include "commands.h"

namespace ranklens::app {
namespace {

/// What one section of the list is: the JSON of its items, and lines for people.
struct Section {
  Json items = Json::array();
  std::string text;
};

Section explanations() {
  Section section{.text = "methods of explanation (explain, study)\n"};
  for (const auto& method : explain::methods()) {
    section.items.push_back({{"name", method.name},
                             {"summary", method.summary},
                             {"needs", method.needs_network ? "network" : ""},
                             {"presets", method.presets},
                             {"options", method.options},
                             {"source", method.source}});
    section.text += fmt::format("  {:<22} {} ({})\n", method.name, method.summary, method.source);
    if (!method.options.empty()) {
      section.text += fmt::format("  {:<22}   options {}\n", "", fmt::join(method.options, ", "));
    }
    if (!method.presets.empty()) {
      section.text += fmt::format("  {:<22}   presets {}\n", "", fmt::join(method.presets, ", "));
    }
  }
  return section;
}

Section scores() {
  Section section{.text = "metrics (measure, study)\n"};
  for (const auto& metric : metrics::all()) {
    Json needs = Json::array({"maps"});
    if (metric.needs.mask) needs.push_back("masks");
    if (metric.needs.second_map) needs.push_back("other maps");
    if (metric.needs.model) needs.push_back("model");
    section.items.push_back({{"name", metric.name},
                             {"family", metrics::to_string(metric.family)},
                             {"better", metrics::to_string(metric.direction)},
                             {"needs", needs},
                             {"summary", metric.summary},
                             {"source", metric.source}});
    section.text +=
        fmt::format("  {:<22} {:<14} {:<7} {}\n", metric.name, metrics::to_string(metric.family),
                    metrics::to_string(metric.direction), metric.summary);
  }
  return section;
}

Section networks() {
  Section section{.text = "built-in networks (info, train)\n"};
  for (const auto& [name, summary] : nn::zoo::list()) {
    section.items.push_back({{"name", name}, {"summary", summary}});
    section.text += fmt::format("  {:<22} {}\n", name, summary);
  }
  return section;
}

Section formats() {
  Section section{.text = "formats of a weight (--head, compress --scheme)\n"};
  const auto add = [&](const char* name, const char* example, const char* summary) {
    section.items.push_back({{"name", name}, {"example", example}, {"summary", summary}});
    section.text += fmt::format("  {:<32} {}\n", example, summary);
  };
  add("dense", "dense", "one tensor");
  add("low_rank", "low_rank(r=20)", "U V^T of rank 20");
  add("tt", "tt(out=8x4x4,in=16x16x8,r=16)",
      "a tensor-train matrix, all inner ranks 16 (or r=16x8); with the channels' modes alone a "
      "convolution gets a core for its window");
  add("tucker", "tucker(r=32x16)", "a core between 32 outputs and 16 inputs (one rank: for both)");
  add("cp", "cp(r=48)", "48 rank-one terms");
  return section;
}

Section optimisers() {
  Section section{.text = "optimisers (train --optimiser), by the weights that they are for\n"};
  for (const auto& one : optim::optimiser_catalogue()) {
    section.items.push_back({{"name", one.name},
                             {"moves", one.moves},
                             {"summary", one.summary},
                             {"source", one.source},
                             {"defaults", one.spec},
                             {"more_options", one.more}});
    const auto source = one.source.empty() ? "" : fmt::format(" ({})", one.source);
    section.text += fmt::format("  {:<22} {:<12} {}{}\n", one.name, one.moves, one.summary, source);
    section.text += fmt::format("  {:<22}   {}\n", "", one.spec);
    if (one.more.empty()) continue;
    section.text += fmt::format("  {:<22}   further: {}\n", "", fmt::join(one.more, ", "));
  }
  return section;
}

void methods(const Common& common) {
  start(common);
  const auto methods = explanations(), metrics = scores(), built_in = networks(),
             weights = formats(), steps = optimisers();
  emit_and_save(common,
                Json{{"methods", methods.items},
                     {"metrics", metrics.items},
                     {"networks", built_in.items},
                     {"formats", weights.items},
                     {"optimisers", steps.items}},
                methods.text + "\n" + metrics.text + "\n" + built_in.text + "\n" + weights.text +
                    "\n" + steps.text);
}

}  // namespace

void add_methods(CLI::App& root) {
  const auto common = std::make_shared<Common>();
  add_command(root, "methods",
              "list the methods, metrics, networks, formats and optimisers, with sources",
              "  ranklens methods --json", *common, Out::json_file,
              {.seed = false, .threads = false, .device = false, .dtype = false, .quiet = false})
      .callback([common] { methods(*common); });
}

}  // namespace ranklens::app
