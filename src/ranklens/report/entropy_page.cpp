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

/// A dot for each cut of each layer that could have an entropy.
template <class Value>
Chart chart_of(const std::vector<compress::WeightEntropies>& layers, const char* id,
               const char* title, const char* x_title, Value value) {
  Chart chart{.id = id,
              .title = title,
              .note = "",
              .x_title = x_title,
              .y_title = "layer",
              .lines = {},
              .dots = {}};
  for (const auto& layer : layers)
    for (const auto& cut : layer.cuts)
      if (cut.most > 1) chart.dots.push_back({layer.layer, cut.series, value(cut)});
  return chart;
}

}  // namespace

Table entropy_table(const std::vector<compress::WeightEntropies>& layers, double alpha) {
  Table table{
      .id = "entropies",
      .title = "Entropies of the weights",
      .note = fmt::format(
          "Of the squared Schmidt values p of each cut, which add up to 1: entropy -sum p ln p, "
          "its share of ln(largest rank), Renyi's of order {:g}, and the effective rank "
          "exp(entropy). "
          "A cut is named by the modes (outputs x inputs) on its two sides; its largest rank is "
          "that "
          "of a dense weight, whatever the format.",
          alpha),
      .columns = {{.title = "cut"},
                  {.title = "rank", .format = Format::Integer},
                  {.title = "largest rank", .format = Format::Integer},
                  {.title = "entropy", .unit = "nats", .format = Format::Number, .decimals = 4},
                  {.title = "share", .format = Format::Percent, .decimals = 1},
                  {.title = "Renyi", .unit = "nats", .format = Format::Number, .decimals = 4},
                  {.title = "effective rank", .format = Format::Number, .decimals = 2}}};
  for (const auto& layer : layers) {
    const auto group = stored_text(layer);
    if (layer.cuts.empty())
      table.rows.push_back(
          {.cells = {std::string("all zero"), {}, {}, {}, {}, {}, {}}, .group = group});
    for (const auto& cut : layer.cuts)
      table.rows.push_back({.cells = {cut.cut, cut.rank(), cut.most, cut.entropy.von_neumann,
                                      cut.share(), cut.entropy.renyi, cut.entropy.effective_rank},
                            .group = group});
  }
  return table;
}

ReportData entropy_page(const std::vector<compress::WeightEntropies>& layers, double alpha,
                        const std::string& network, const std::string& command) {
  ReportData data;
  data.title = "Entanglement of " + network;
  data.lead =
      "How much of the rank that each cut of a weight could have is used: 0 nats where one product "
      "says it all, ln of the largest rank (a share of 1) where all Schmidt values are equal and "
      "nothing can be left out cheaply.";
  data.command = command;
  data.chart_title = "Entropies";
  data.chart_note =
      "Every weight, however it is stored, is read as the tensor train that --scheme 'LAYER: "
      "tt(...)' "
      "of "
      "compress would make of it (its bonds; a train of other modes has own bonds beside), as the "
      "matrix of outputs against inputs, and, with a window, of inputs against the rest: so pages "
      "of a network before and after compression can be compared. In nats a cut that was cut hard "
      "is low; the shares are of what a dense weight of that shape could have.";
  data.charts.push_back(chart_of(layers, "entropies", "Entropy by layer and cut", "entropy (nats)",
                                 [](const auto& cut) { return cut.entropy.von_neumann; }));
  data.charts.push_back(chart_of(layers, "shares", "Share of a dense weight's largest entropy",
                                 "entropy / ln(largest rank)",
                                 [](const auto& cut) { return cut.share(); }));
  data.tables.push_back(entropy_table(layers, alpha));
  return data;
}

}  // namespace ranklens::report
