#include "ranklens/study/compare.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <vector>

#include <CLI/CLI.hpp>

#include "ranklens/base/error.h"
#include "ranklens/base/progress.h"
#include "ranklens/explain/methods.h"
#include "ranklens/report/compare_page.h"
#include "ranklens/train/classes.h"

#include "checks.h"
#include "command_line.h"
#include "commands.h"
#include "data_options.h"
#include "model.h"
#include "outputs.h"

namespace ranklens::app {
namespace {

struct CompareCommand {
  Common common;
  ModelOptions first, second;
  DataOptions data;
  std::string split = "test", methods = "gradcam,smoothgrad", page;
  study::CompareOptions options;
};

Json network_json(const OpenedModel& opened, const study::ComparedNetwork& network) {
  return {{"model", opened.name},   {"accuracy", network.accuracy},
          {"loss", network.loss},   {"parameters", network.parameters},
          {"flops", network.flops}, {"images_per_second", network.images_per_second}};
}

Json interval(const study::Summary& summary) {
  return {{"mean", summary.mean},
          {"low", summary.lower},
          {"high", summary.upper},
          {"count", summary.count}};
}

Json agreement_json(const study::Comparison& found) {
  Json object = Json::object();
  for (const auto& maps : found.maps) {
    for (const auto& [metric, summary] : maps.agreement)
      object[maps.method][metric] = interval(summary);
  }
  return object;
}

/// The names of the outputs, which must be those of both networks where both have any.
const std::vector<std::string>& outputs_of(const OpenedModel& first, const OpenedModel& second) {
  const auto &one = first.model.labels, &two = second.model.labels;
  if (!train::has_names(one) || !train::has_names(two)) return train::has_names(one) ? one : two;
  for (std::size_t k = 0; k < std::min(one.size(), two.size()); ++k) {
    base::require(one[k] == two[k],
                  "the networks do not tell the same classes apart: output {} is '{}' of '{}' and "
                  "'{}' of '{}'",
                  k, one[k], first.name, two[k], second.name);
  }
  return one;
}

/// The networks by the ends of their names, as short as tells them apart: "best.safetensors", or
/// "a/best.safetensors" where both are called so.
std::pair<std::string, std::string> short_names(const std::string& first,
                                                const std::string& second) {
  namespace fs = std::filesystem;
  using Parts = std::vector<std::filesystem::path>;
  const auto parts_of = [](const std::filesystem::path& path) {
    return Parts(path.begin(), path.end());
  };
  const auto a = parts_of(first), b = parts_of(second);
  const auto end_of = [](const Parts& parts, std::size_t count) {
    std::filesystem::path end;
    for (auto k = parts.size() - std::min(count, parts.size()); k < parts.size(); ++k)
      end /= parts[k];
    return end.string();
  };
  std::size_t count = 1;
  while (count < std::max(a.size(), b.size()) && end_of(a, count) == end_of(b, count)) ++count;
  return {end_of(a, count), end_of(b, count)};
}

void compare(CompareCommand command) {
  start(command.common);
  require_replaceable({{"--report", command.page, FileKind::page}},
                      {command.first.model, command.second.model});
  auto set = open_data(command.data, data::parse_split(command.split));
  base::require(set.size() >= 2, "{} holds {} image: an interval needs two", set.name, set.size());
  command.first.shape = command.second.shape = fitted(command.first.shape, set);
  const auto first = open_model(command.first, command.common, Fetched::wanted);
  const auto second = open_model(command.second, command.common, Fetched::wanted);
  for (const auto* opened : {&first, &second}) warn_if_untrained(*opened, command.common);
  const auto data_hash = set.hash;
  set = train::with_classes(set, outputs_of(first, second));
  const auto outputs = std::max(class_count(first.network()), class_count(second.network()));
  for (auto k = static_cast<std::int64_t>(set.classes.size()); k < outputs; ++k)
    set.classes.push_back(std::to_string(k));
  base::ProgressBar bar(command.common.quiet);
  command.options.methods = explain::split_specs(command.methods);
  command.options.seed = command.common.seed;
  command.options.progress = bar.callback();
  const auto found = study::compare(first.network(), second.network(), set, command.options);
  bar.clear();
  const auto [one, other] = short_names(first.name, second.name);
  const report::CompareLabels labels{one, other, command_line()};
  if (!command.page.empty()) {
    auto page = report::compare_page(found, set, labels);
    for (const auto* opened : {&first, &second}) {
      if (const auto note = untrained_note(*opened); !note.empty())
        page.notes.push_back(note + ".");
    }
    report::write_page(command.page, page);
  }
  emit_and_save(
      command.common,
      Json{{"data", set.name},
           {"data_hash", data_hash},
           {"count", set.size()},
           {"first", network_json(first, found.first)},
           {"second", network_json(second, found.second)},
           {"accuracy_difference", interval(found.accuracy_difference)},
           {"lost", found.lost},
           {"gained", found.gained},
           {"same_answers", found.same_answers},
           {"agreement", agreement_json(found)},
           {"moved", found.moved}},
      report::to_text(report::compared_networks(found, labels)) + "\n" +
          report::to_text(report::compared_maps(found)) +
          fmt::format("\naccuracy {}; the same answer on {:.1f} % of {} images\n",
                      report::accuracy_change(found), 100 * found.same_answers, set.size()));
}

}  // namespace

void add_compare(CLI::App& root) {
  const auto options = std::make_shared<CompareCommand>();
  auto& command = add_command(
      root, "compare", "two networks on the same images: what the second lost, saved and looks at",
      "  ranklens compare best.safetensors small.safetensors --data cifar10:DIR --report page.html",
      options->common, Out::json_file);
  command.add_option("FIRST", options->first.model, "the network to compare with")->required();
  command.add_option("SECOND", options->second.model, "the network in question")->required();
  add_data_options(command, options->data);
  command.add_option("--split", options->split, "train, test or all")
      ->check(CLI::IsMember({"train", "test", "all"}))
      ->capture_default_str();
  command
      .add_option("--methods", options->methods, "whose maps are compared, as of explain --method")
      ->capture_default_str();
  command
      .add_option("--explained", options->options.explained,
                  "images whose maps are made: the first")
      ->check(whole_number(2, 1 << 20))
      ->capture_default_str();
  command.add_option("--batch", options->options.batch, "images at a time")
      ->check(whole_number(1, 1 << 20))
      ->capture_default_str();
  command.add_option("--report", options->page, "write a page of both, with what moved most");
  command.callback([options] { compare(*options); });
}

}  // namespace ranklens::app
