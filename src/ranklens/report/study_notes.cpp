#include "ranklens/report/study_notes.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ranklens/metrics/registry.h"
#include "ranklens/report/labels.h"
#include "ranklens/study/arms.h"
#include "ranklens/study/keys.h"

namespace ranklens::report {
namespace {

using study::Results;

/// Trainings that came to nothing; where all did, that comes first.
void add_failures(const Results& results, ReportData& data) {
  if (study::all_failed(results.cells)) {
    data.notes.push_back(fmt::format("Nothing is compared: {} diverged.",
                                     results.cells.size() == 1
                                         ? "the one training"
                                         : fmt::format("all {} trainings", results.cells.size())));
  }
  for (const auto& cell : results.cells) {
    if (!cell.failure.empty())
      data.notes.push_back(study::cell_name(cell.arm, cell.seed) + ": " + cell.failure + ".");
  }
}

/// Blank maps score as uniform ones: a reader must know how many there are.
void add_blank_maps(const Results& results, const study::Selection& images, ReportData& data) {
  const auto shown = study::distinct(images).size();
  for (const auto& arm : results.config.arms) {
    for (const auto& spec : results.config.methods) {
      const auto method = study::method_name(spec);
      std::int64_t blank = 0;
      std::size_t all = 0;
      for (const auto& cell : results.cells) {
        if (cell.arm != arm || !cell.failure.empty()) continue;
        all += shown;
        if (const auto found = cell.blank.find(method); found != cell.blank.end())
          blank += found->second;
      }
      if (blank == 0) continue;
      data.notes.push_back(
          fmt::format("{} of the {} {} maps of {}, all seeds together, {} blank (no evidence for "
                      "the class anywhere) and count{} as uniform.",
                      blank, all, method_label(method), study::arm_label(arm),
                      blank == 1 ? "is" : "are", blank == 1 ? "s" : ""));
    }
  }
}

void add_mixtures(const Results& results, ReportData& data) {
  for (const char* key :
       {"libtorch", "instructions", "threads", "matrix products", "convolutions", "device"}) {
    const auto values = provenance_values(results, key);
    if (values.size() > 1) {
      data.notes.push_back(fmt::format("The networks were not all trained alike: {}: {}.", key,
                                       fmt::join(values, ", ")));
    }
  }
}

/// The most images that a mean of this metric leaves out in any cell.
std::int64_t most_left_out(const Results& results, const std::string& metric) {
  std::int64_t most = 0;
  for (const auto& cell : results.cells) {
    for (const auto& [key, by_metric] : cell.left_out) {
      if (const auto found = by_metric.find(metric); found != by_metric.end())
        most = std::max(most, found->second);
    }
  }
  return most;
}

void add_left_out(const Results& results, const study::Selection& images, ReportData& data) {
  const auto all = study::distinct(images).size();
  std::int64_t masked = 0;
  for (const auto& metric : metrics::all()) {
    const auto count = most_left_out(results, std::string(metric.name));
    if (metric.needs.mask) masked = std::max(masked, count);
    if (metric.needs.mask || count == 0) continue;
    data.notes.push_back(fmt::format("{}: {} of {} images have no finite value and are left out.",
                                     metric_label(metric.name).label, count, all));
  }
  if (masked > 0) {
    data.notes.push_back(
        fmt::format("Localisation leaves out {} of {} images: a mask that is empty or covers "
                    "everything says nothing about a map.",
                    masked, all));
  }
}

/// Arms that the study describes and that were not trained, by network.
void add_missing_recipes(const Results& results, ReportData& data) {
  const auto& config = results.config;
  const auto is_in = [](const auto& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  std::vector<std::string> order;
  std::map<std::string, std::vector<std::string>> missing;
  for (const auto& text : config.recipes) {
    const auto recipe = study::read_recipe(text);
    if (is_in(config.arms, recipe.name) || is_in(results.beside, recipe.name)) continue;
    if (!missing.contains(recipe.network)) order.push_back(recipe.network);
    missing[recipe.network].push_back(recipe.name);
  }
  for (const auto& network : order) {
    data.notes.push_back(fmt::format("Not trained, of {}: {}; --arms adds arms.", network,
                                     fmt::join(missing[network], ", ")));
  }
  if (!results.beside.empty()) {
    data.notes.push_back(fmt::format("Trained, too, but not asked for here (--arms): {}.",
                                     fmt::join(results.beside, ", ")));
  }
}

}  // namespace

std::vector<std::string> provenance_values(const Results& results, const std::string& key) {
  std::set<std::string> values;
  for (const auto& cell : results.cells) {
    const auto found = study::provenance_values(cell, key);
    values.insert(found.begin(), found.end());
    // Cells of earlier versions, which had the processor alone, name no device.
    if (found.empty()) values.insert(key == "device" ? "cpu" : "not recorded");
  }
  return {values.begin(), values.end()};
}

void add_notes(const Results& results, const study::Selection& images, ReportData& data) {
  add_failures(results, data);
  const auto wanted = results.config.arms.size() * results.config.seeds.size();
  if (results.cells.size() < wanted) {
    data.notes.push_back(fmt::format("{} of {} runs are finished; the numbers are of those.",
                                     results.cells.size(), wanted));
  }
  if (results.config.epochs < results.config.full_epochs) {
    data.notes.push_back(fmt::format(
        "Trained for {} of the recipe's {} epochs: claims about converged accuracy stay undecided.",
        results.config.epochs, results.config.full_epochs));
  }
  const auto needed = results.config.needed_seeds;
  if (std::ssize(results.config.seeds) < needed) {
    data.notes.push_back(
        fmt::format("A verdict needs at least {} seeds; with fewer it stays undecided, and the "
                    "interval's own tendency is given.",
                    needed));
  }
  if (!results.answers.empty() && !study::all_failed(results.cells)) {
    data.notes.push_back(fmt::format(
        "{} claims are judged, each by its own 95\u00A0% interval: were there no differences at "
        "all, about one claim in twenty would still be decided, by chance.",
        results.answers.size()));
  }
  add_missing_recipes(results, data);
  if (!images.data.masks.defined() && images.data.size() > 0) {
    data.notes.push_back(
        "These data have no masks of their objects, so nothing here says whether maps lie on them: "
        "only how concentrated maps are, whether methods agree and how faithful they are.");
  }
  add_blank_maps(results, images, data);
  add_left_out(results, images, data);
  add_mixtures(results, data);
}

}  // namespace ranklens::report
