// What `study` and `reproduce` do with their options.
#include <iostream>

#include <fmt/format.h>

#include "ranklens/base/clock.h"
#include "ranklens/base/error.h"
#include "ranklens/base/interrupt.h"
#include "ranklens/base/progress.h"
#include "ranklens/report/study_page.h"
#include "ranklens/study/run.h"

#include "command_line.h"
#include "manifest.h"
#include "report_files.h"
#include "study_options.h"
#include "values.h"

namespace ranklens::app {
namespace {

namespace fs = std::filesystem;

study::Results run(const StudyOptions& options, const study::Config& config) {
  base::ProgressBar bar(options.common.quiet);
  auto results = study::run(config, {.folder = options.common.out,
                                     .work = options.work,
                                     .device = options.common.torch_device(),
                                     .speed_seconds = options.speed_seconds,
                                     .memory = parse_bytes(options.memory),
                                     .progress = bar.callback(),
                                     .note = [&](const std::string& line) {
                                       bar.clear();
                                       if (!options.common.quiet) std::cerr << line << '\n';
                                     }});
  bar.clear();
  if (results.interrupted) {
    throw base::SystemError(
        fmt::format("interrupted with {} of {} runs finished; the same command goes on from there",
                    results.cells.size(), config.arms.size() * config.seeds.size()));
  }
  return results;
}

/// The run folder's files that stand behind the page: settings, speeds, cells.
std::vector<std::string> sources(const fs::path& folder, const study::Results& results) {
  std::vector<std::string> files{"study.json"};
  if (fs::exists(folder / "throughput.json")) files.emplace_back("throughput.json");
  for (const auto& cell : results.cells) {
    const auto name = "cells/" + study::cell_name(cell.arm, cell.seed);
    for (const auto* ending : {".json", ".maps.safetensors"})
      if (fs::exists(folder / (name + ending))) files.push_back(name + ending);
  }
  return files;
}

void write_manifest_of(const StudyOptions& options, const study::Results& results,
                       const std::string& command, std::vector<std::string> files,
                       double wall_seconds) {
  const fs::path folder = options.common.out;
  for (auto& file : sources(folder, results)) files.push_back(std::move(file));
  double cell_seconds = 0;
  for (const auto& cell : results.cells)
    for (const auto& [stage, seconds] : cell.seconds) cell_seconds += seconds;
  const auto& config = results.config;
  write_manifest(
      folder, options.common,
      {.command = command,
       .configuration = Json::parse(study::to_json(config).dump()),
       .data_hash = study::provenance(results.cells, "training data"),
       .wall_seconds = wall_seconds,
       .more = {{"seed", config.seeds.front()},
                {"seeds", config.seeds},
                {"dtype", config.compute},
                {"held_out_data_hash", study::provenance(results.cells, "held-out data")},
                {"cells", results.cells.size()},
                {"cell_seconds", cell_seconds}},
       .files = std::move(files)});
}

void require_any(const study::Results& results, const std::string& page) {
  if (!study::all_failed(results.cells)) return;
  const auto& first = results.cells.front();
  const auto count = results.cells.size();
  throw base::SystemError(
      fmt::format("{} diverged, so that nothing can be compared; {}: {}; the page: {}",
                  count == 1 ? "the only training" : fmt::format("all {} trainings", count),
                  study::cell_name(first.arm, first.seed), first.failure, page));
}

}  // namespace

void run_study(const StudyOptions& options, const std::string& command) {
  const auto config = options.config();
  start(options.common);
  base::install_interrupt_handlers();
  const base::Stopwatch watch;
  const auto results = run(options, config);
  const fs::path folder = options.common.out;
  const auto data = report::study_page(results, results.selection, command_line());
  const auto files = write_pages(folder, data);
  write_manifest_of(options, results, command, files, watch.seconds());
  const auto page = (folder / "report.html").string();
  require_any(results, page);
  emit(options.common,
       Json{{"page", page}, {"folder", folder.string()}, {"verdicts", verdicts_json(data)}},
       summary(data) + "\nThe page: " + page + "\n");
}

}  // namespace ranklens::app
