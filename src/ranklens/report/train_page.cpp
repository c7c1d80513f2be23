#include "ranklens/report/train_page.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ranklens/report/curve.h"
#include "ranklens/report/observed_charts.h"

namespace ranklens::report {
namespace {

void add_provenance(const train::FitResult& result, ReportData& data) {
  for (const auto& [what, values] : result.provenance)
    data.provenance.emplace_back(what, fmt::format("{}", fmt::join(values, ", ")));
}

}  // namespace

ReportData train_page(const TrainedRun& run, const train::FitResult& result) {
  const auto& history = result.history;
  const bool finished = result.ending == train::FitResult::Ending::finished;
  ReportData data{.title = "Training of " + run.network,
                  .lead = fmt::format("{} {} {} in {} step{}.", run.network,
                                      finished ? "learned" : "was to learn", run.data, result.steps,
                                      result.steps == 1 ? "" : "s"),
                  .command = run.command};
  if (!finished) data.notes.push_back("Not finished: " + result.message + ".");
  data.facts = {{"parameters", std::to_string(result.last.state.trainable_parameters())},
                {"epochs", std::to_string(history.size())},
                {"seed", std::to_string(run.seed)}};
  if (!run.held_out.empty()) data.notes.push_back("Held out are " + run.held_out + ".");
  // A weight may bear the network's name.
  const std::string arm = "the network";
  data.arms = {
      {.id = arm,
       .label = run.network,
       .reference = true,
       .parameters = {.mean = static_cast<double>(result.last.state.trainable_parameters())}}};
  if (!history.empty()) data.curves = {curve_of(arm, run.seed, history)};
  data.charts = layer_charts(history);
  for (auto& layer : layer_arms(history)) data.arms.push_back(std::move(layer));
  if (!data.charts.empty()) data.chart_title = "Ranks";
  double training = 0, validation = 0;
  for (const auto& epoch : history)
    training += epoch.seconds, validation += epoch.validation_seconds;
  data.stages = {{"training", "", training}, {"validation", "", validation}};
  data.configuration = run.configuration;
  add_provenance(result, data);
  return data;
}

}  // namespace ranklens::report
