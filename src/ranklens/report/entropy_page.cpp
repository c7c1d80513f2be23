#include "ranklens/report/entropy_page.h"

#include <fmt/ranges.h>

namespace ranklens::report {
namespace {

std::string stored_text(const compress::WeightEntropies& layer) {
  const auto how = layer.reshaped.empty()
                       ? layer.spec
                       : fmt::format("{}, read as {}", layer.spec, layer.reshaped);
  return fmt::format("{} {}: {}", layer.layer, fmt::join(layer.shape, "x"), how);
}

/// "bond 1", "bond 2", ... of trains, and what other cuts are called.
std::string series_of(const compress::CutEntropy& cut, std::size_t place) {
  const auto named = cut.cut.starts_with("outputs") || cut.cut.starts_with("inputs");
  return named ? cut.cut : fmt::format("bond {}", place + 1);
}

}  // namespace

Table entropy_table(const std::vector<compress::WeightEntropies>& layers, double alpha) {
  Table table{
      .id = "entropies",
      .title = "Entropies of the weights",
      .note = fmt::format("Of the squared Schmidt values p of each cut, which add up to 1: entropy "
                          "-sum p ln p, its "
                          "share of ln(largest rank), Renyi's of order {:g}, and the effective "
                          "rank exp(entropy). A "
                          "cut is named by the modes (outputs x inputs) on its two sides.",
                          alpha),
      .columns = {{.title = "cut"},
                  {.title = "largest rank", .format = Format::Integer},
                  {.title = "entropy", .unit = "nats", .format = Format::Number, .decimals = 4},
                  {.title = "share", .format = Format::Percent, .decimals = 1},
                  {.title = "Renyi", .unit = "nats", .format = Format::Number, .decimals = 4},
                  {.title = "effective rank", .format = Format::Number, .decimals = 2}}};
  for (const auto& layer : layers) {
    const auto group = stored_text(layer);
    if (layer.cuts.empty())
      table.rows.push_back(
          {.cells = {std::string("all zero"), {}, {}, {}, {}, {}}, .group = group});
    for (const auto& cut : layer.cuts)
      table.rows.push_back({.cells = {cut.cut, cut.most, cut.entropy.von_neumann, cut.share(),
                                      cut.entropy.renyi, cut.entropy.effective_rank},
                            .group = group});
  }
  return table;
}

ReportData entropy_page(const std::vector<compress::WeightEntropies>& layers, double alpha,
                        const std::string& network, const std::string& command) {
  ReportData data;
  data.title = "Entanglement of " + network;
  data.lead =
      "How much of the rank that each cut of a weight could have is used: 0 where one product "
      "says it all, 1 where all Schmidt values are equal and nothing can be left out cheaply.";
  data.command = command;
  Chart chart{.id = "entropies",
              .title = "Entropy by layer and cut",
              .note = "",
              .x_title = "entropy / ln(largest rank)",
              .y_title = "layer",
              .lines = {},
              .dots = {}};
  for (const auto& layer : layers)
    for (std::size_t k = 0; k < layer.cuts.size(); ++k)
      chart.dots.push_back({layer.layer, series_of(layer.cuts[k], k), layer.cuts[k].share()});
  data.chart_title = "Entropies";
  data.chart_note =
      "A dense weight is read as the tensor train that --scheme 'LAYER: tt(...)' of compress would "
      "make of it, and as the matrix of outputs against inputs.";
  data.charts.push_back(std::move(chart));
  data.tables.push_back(entropy_table(layers, alpha));
  return data;
}

}  // namespace ranklens::report
