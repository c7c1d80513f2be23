#include "ranklens/compress/compress.h"

#include <algorithm>
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

#include "ranklens/base/progress.h"
#include "ranklens/nn/foreign.h"
#include "ranklens/nn/inspect.h"
#include "ranklens/report/table.h"

#include "commands.h"
#include "model.h"
#include "outputs.h"

namespace ranklens::app {
namespace {

struct CompressOptions {
  Common common;
  ModelOptions model;
  std::string scheme;
  std::string state_dict;
  bool even_if_larger = false;
};

Json layers_of(const compress::Compressed& result) {
  Json list = Json::array();
  for (const auto& layer : result.layers) {
    Json one{{"layer", layer.layer},      {"shape", layer.shape},
             {"weight", layer.spec},      {"parameters_before", layer.before},
             {"parameters", layer.after}, {"error", layer.error}};
    if (!layer.refused.empty()) {
      one["refused"] = {{"weight", layer.refused}};
      if (layer.refused_numbers > 0) one["refused"]["parameters"] = layer.refused_numbers;
    }
    list.push_back(std::move(one));
  }
  return list;
}

/// "tt(out=4x4x4,in=16x8x8,r=24x24)", or "dense (tucker would take 289)".
std::string weight_text(const compress::CompressedLayer& layer) {
  if (layer.refused.empty()) return layer.spec;
  const auto format = layer.refused.substr(0, layer.refused.find('('));
  return layer.refused_numbers > 0
             ? fmt::format("{} ({} would take {})", layer.spec, format, layer.refused_numbers)
             : fmt::format("{} ({} would take more)", layer.spec, format);
}

std::string layers_text(const compress::Compressed& result) {
  using report::Format;
  report::Table table{
      .id = "layers",
      .columns = {{.title = "layer"},
                  {.title = "shape"},
                  {.title = "weight"},
                  {.title = "before", .format = Format::Integer},
                  {.title = "after", .format = Format::Integer},
                  {.title = "relative error", .format = Format::Number, .decimals = 4}}};
  for (const auto& layer : result.layers) {
    table.rows.push_back({{layer.layer, fmt::format("{}", fmt::join(layer.shape, "x")),
                           weight_text(layer), layer.before, layer.after, layer.error}});
  }
  return report::to_text(table);
}

/// What a network hardly survives, or was not meant, said where it cannot be missed.
void warn_of_losses(const compress::Compressed& result, const Common& common) {
  if (common.quiet) return;
  std::vector<std::string> lost, grown;
  std::size_t refused = 0;
  for (const auto& layer : result.layers) {
    const double kept = 1 - layer.error * layer.error;
    if (kept < 0.5) lost.push_back(fmt::format("'{}' ({:.0f} %)", layer.layer, 100 * kept));
    if (layer.after > layer.before) grown.push_back("'" + layer.layer + "'");
    if (!layer.refused.empty()) ++refused;
  }
  if (refused > 0 && std::all_of(result.layers.begin(), result.layers.end(),
                                 [](const auto& layer) { return layer.error == 0; })) {
    std::cerr << "ranklens: nothing is smaller in the formats asked for: the network is as it was; "
                 "allow a larger eps or lower ranks (--even-if-larger stores the factors all the "
                 "same)\n";
  }
  if (!lost.empty()) {
    std::cerr << fmt::format(
        "ranklens: less than half of the squared norm is left of {}: train the network on, or "
        "keep more\n",
        fmt::join(lost, ", "));
  }
  if (!grown.empty()) {
    std::cerr << fmt::format("ranklens: in this format {} {} more numbers than before\n",
                             fmt::join(grown, ", "), grown.size() == 1 ? "takes" : "take");
  }
}

void compress_model(const CompressOptions& options) {
  start(options.common);
  const auto& inputs = options.model;
  const std::vector<OutputFile> outputs{{"--out", options.common.out, FileKind::network},
                                        {"--state-dict", options.state_dict, FileKind::state_dict}};
  require_replaceable(outputs, {inputs.model, inputs.weights});
  auto scheme = compress::parse_scheme(options.scheme);
  scheme.even_if_larger = options.even_if_larger;
  const auto opened = open_model(options.model, options.common, Fetched::wanted);
  warn_if_untrained(opened, options.common);
  base::ProgressBar bar(options.common.quiet);
  const auto result = compress::compress(opened.network(), scheme, bar.callback());
  bar.clear();
  warn_of_losses(result, options.common);
  auto model = opened.model;
  model.network = result.network;
  model.metadata["compressed"] = options.scheme;
  nn::write_model(options.common.out, model);
  if (!options.state_dict.empty())
    nn::write_state_dict_file(options.state_dict, nn::state_dict(result.network));
  const auto before = opened.network().state.parameters(),
             after = result.network.state.parameters();
  const auto flops_before = nn::flops(opened.network()), flops = nn::flops(result.network);
  emit(options.common,
       Json{{"model", opened.name},
            {"scheme", options.scheme},
            {"file", options.common.out},
            {"parameters_before", before},
            {"parameters", after},
            {"flops_before", flops_before},
            {"flops", flops},
            {"layers", layers_of(result)}},
       layers_text(result) +
           fmt::format("{}: {} of {} parameters ({:.1f} %), {} of {} FLOPs an image ({:.1f} %)\n",
                       options.common.out, after, before,
                       100 * static_cast<double>(after) / static_cast<double>(before), flops,
                       flops_before,
                       100 * static_cast<double>(flops) / static_cast<double>(flops_before)));
}

}  // namespace

void add_compress(CLI::App& root) {
  const auto options = std::make_shared<CompressOptions>();
  auto& command = add_command(
      root, "compress", "store a network's weights in factors, without training",
      "  ranklens compress efficientnet-lite0 --scheme 'auto(ratio=0.8)' --out "
      "smaller.safetensors\n"
      "  ranklens compress best.safetensors --scheme 'conv*: tucker(ratio=0.5); head: tt(r=16)' "
      "--out small.safetensors",
      options->common, Out::file);
  add_model_options(command, options->model);
  command
      .add_option(
          "--scheme", options->scheme,
          "'LAYERS: FORMAT; ...', the first that matches counts (formats: ranklens methods), "
          "or 'auto(ratio=R)': formats and ranks of all layers such that a share R of the numbers "
          "of their weights is kept")
      ->required();
  command.add_flag(
      "--even-if-larger", options->even_if_larger,
      "store a layer as the scheme says even where that takes no fewer numbers than it "
      "has now (it is left as it is)");
  command.add_option("--state-dict", options->state_dict,
                     "also write a PyTorch state dict (.pth or .safetensors), multiplied out");
  require_out(command, std::string("the file of the compressed model") + kReplacesOwnKind);
  command.callback([options] { compress_model(*options); });
}

}  // namespace ranklens::app
