#include "ranklens/report/reproductions/alignment_page.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "ranklens/report/reproductions/experiment_parts.h"
#include "ranklens/report/reproductions/reduced_run.h"

namespace ranklens::report {
namespace {

using nlohmann::json;
using study::ExperimentResults;
using study::SeedValue;
using AlignmentOptions = study::alignment::Options;

const std::map<std::string, std::string>& task_labels() {
  static const std::map<std::string, std::string> labels{
      {"autoencoder", "autoencoder"},
      {"regression", "regression"},
      {"regression-low_rank", "regression, low rank"},
      {"regression-train", "regression, tensor trains"},
      {"kronecker", "regression, Kronecker start"},
      {"kronecker-train", "regression, Kronecker start, trains"},
      {"images-squared", "images, squared loss"},
      {"images-logistic", "images, logistic loss"},
      {"toeplitz", "Toeplitz layers"},
      {"convolution", "convolutional autoencoder"}};
  return labels;
}

constexpr const char *kAll = "alignment", *kLeading = "leading alignment";

/// The last entry of a list of each of a task's cells; none where the cells have no such list.
std::vector<SeedValue> last_values(const AlignmentOptions& options,
                                   const ExperimentResults& results, const std::string& task,
                                   const char* list) {
  auto cells = cells_of(results, task, options.seeds);
  std::erase_if(cells, [=](const auto& one) { return !one.second.contains(list); });
  return values_of(cells, [=](const json& cell) { return cell.at(list).back().get<double>(); });
}

Chart course_chart(const AlignmentOptions& options, const ExperimentResults& results,
                   const char* list, const char* title, const char* note) {
  Chart chart{.id = list, .title = title, .note = note, .x_title = "step", .y_title = list};
  for (const auto& task : study::alignment::tasks()) {
    for (const auto& [seed, cell] : cells_of(results, task, options.seeds)) {
      chart.lines.push_back({.arm = task,
                             .seed = seed,
                             .x = cell.at("steps").get<std::vector<double>>(),
                             .y = cell.at(list).get<std::vector<double>>()});
    }
  }
  return chart;
}

Table end_table(const AlignmentOptions& options, const ExperimentResults& results) {
  Table table{.id = "ends",
              .title = "Where it ended",
              .note = "means over the seeds with their 95 % intervals"};
  table.columns = {{.title = "task"},
                   {.title = "alignment", .format = Format::Number, .decimals = 3},
                   {.title = fmt::format("of the {} leading vectors", options.low_rank),
                    .format = Format::Number,
                    .decimals = 3},
                   {.title = "invariance", .format = Format::Number, .decimals = 3},
                   {.title = "loss", .format = Format::Number}};
  for (const auto& task : study::alignment::tasks()) {
    const auto end = [&](const char* list) -> Cell {
      const auto values = last_values(options, results, task, list);
      return values.empty() ? Cell() : Cell(estimate(values));
    };
    if (cells_of(results, task, options.seeds).empty()) continue;
    table.rows.push_back(
        {{task_labels().at(task), end(kAll), end(kLeading), end("invariance"), end("loss")}});
  }
  return table;
}

/// A task's last alignment against a number or another task's.
Verdict alignment_verdict(const study::Claim& claim, const std::string& task,
                          const std::vector<SeedValue>& first, const std::vector<SeedValue>& second,
                          const std::string& other) {
  const auto& label = task_labels().at(task);
  return judged({.claim = claim,
                 .first = label,
                 .second = other,
                 .measure = fmt::format("alignment at the end, {} − {}", label, other)},
                first, second);
}

std::vector<Verdict> alignment_verdicts(const AlignmentOptions& options,
                                        const ExperimentResults& results) {
  const auto of = [&](const std::string& task, const char* list = kAll) {
    return last_values(options, results, task, list);
  };
  const auto held = [&](const std::string& task, double value) {
    return constant(of(task), value);
  };
  using study::Relation;
  std::vector<Verdict> verdicts{
      alignment_verdict({.text = "An aligned start stays aligned where a network encodes itself",
                         .relation = Relation::within,
                         .threshold = 1e-3},
                        "autoencoder", of("autoencoder"), held("autoencoder", 1), "1"),
      alignment_verdict({.text = "With inputs and targets in no special position it does not",
                         .relation = Relation::less,
                         .threshold = -0.01},
                        "regression", of("regression"), held("regression", 1), "1"),
      alignment_verdict({.text = "Under the logistic loss on separable images the leading "
                                 "directions of neighbouring layers align",
                         .threshold = -0.05},
                        "images-logistic", of("images-logistic"), held("images-logistic", 1), "1"),
      alignment_verdict({.text = "Layers of a Toeplitz structure that learn a target are not "
                                 "aligned",
                         .relation = Relation::less,
                         .threshold = -0.01},
                        "toeplitz", of("toeplitz"), held("toeplitz", 1), "1"),
      alignment_verdict({.text = "Convolutions that learn to encode one image are not aligned",
                         .relation = Relation::less,
                         .threshold = -0.01},
                        "convolution", of("convolution"), held("convolution", 1), "1"),
      alignment_verdict({.text = "Layers of low rank are as aligned as dense ones in as many "
                                 "leading directions",
                         .relation = Relation::within,
                         .threshold = 0.05},
                        "regression-low_rank", of("regression-low_rank", kLeading),
                        of("regression", kLeading), "dense"),
      alignment_verdict({.text = "Layers cut to tensor trains are as aligned as dense ones",
                         .relation = Relation::within,
                         .threshold = 0.05},
                        "regression-train", of("regression-train"), of("regression"), "dense"),
      alignment_verdict({.text = "Tensor trains that begin aligned end as aligned as dense layers "
                                 "from the same start",
                         .relation = Relation::within,
                         .threshold = 0.05},
                        "kronecker-train", of("kronecker-train"), of("kronecker"), "dense")};
  if (is_reduced(options)) leave_undecided(verdicts);
  return verdicts;
}

}  // namespace

ReportData alignment_page(const AlignmentOptions& options, const ExperimentResults& results,
                          const std::string& command) {
  ReportData data{
      .title = "Aligned layers of deep linear networks",
      .lead =
          "Do the left singular vectors of a layer and the right ones of the next line up, and "
          "stay so while gradient descent goes on (Ji and Telgarsky 2019; Radhakrishnan, "
          "Nichani, Bernstein, Uhler 2020)? Layers in factors beside dense ones.",
      .command = command};
  data.notes = {
      "Alignment is the mean over columns of |<u, v>| of the lower layer's left and the upper "
      "layer's right singular vectors, matched so that it is the largest; of the images' networks "
      "that of the leading vectors alone, since the rest of their spectrum is noise.",
      fmt::format(
          "Only vectors of singular values above 1e-10 of the largest count, on both sides: the "
          "others of a layer of low rank are an arbitrary basis of what it maps to zero. Layers of "
          "rank {0} are held against the dense ones over the {0} leading vectors of each. A train "
          "of rank {1} is a matrix of full rank, and is compared over all.",
          options.low_rank, options.train_rank),
      "Square layers that have nothing in common are aligned to about 0.6 at this width, since "
      "columns are matched as well as can be.",
      fmt::format("The convolutions are matrices of {0} x {0} of {1} numbers each, and learn one "
                  "image.",
                  options.side * options.side, 9)};
  data.notes.emplace_back("Invariance compares singular vectors with those of the start.");
  data.notes.emplace_back(
      "Layers cut down to low rank keep the alignment of the start, cut to trains they lose it: "
      "the first places of their lines tell what they begin with. Singular vectors that are "
      "Kronecker products of smaller orthogonal matrices are kept by trains whose rank is the size "
      "of these: from a Kronecker start dense layers and trains begin as the same matrices.");
  data.facts = {{"width of the regressions", std::to_string(options.width)},
                {"layers", std::to_string(options.depth)},
                {"cells", fmt::format("{}", results.cells.size())}};
  data.verdicts = alignment_verdicts(options, results);
  for (const auto& task : study::alignment::tasks()) {
    data.arms.push_back(
        {.id = task, .label = task_labels().at(task), .reference = task == "regression"});
  }
  data.chart_title = "In the course of descent";
  data.charts = {course_chart(options, results, "alignment", "Alignment of neighbouring layers",
                              "1: the singular vectors are the same"),
                 course_chart(options, results, "invariance", "Singular vectors against the start",
                              "1: they never turned")};
  data.tables = {end_table(options, results)};
  add_run(results, data);
  return data;
}

}  // namespace ranklens::report
