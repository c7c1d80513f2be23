#include "run_experiment.h"

#include <algorithm>
#include <iostream>

#include <fmt/format.h>

#include "ranklens/base/clock.h"
#include "ranklens/base/error.h"
#include "ranklens/base/files.h"
#include "ranklens/base/interrupt.h"
#include "ranklens/base/progress.h"

#include "command_line.h"
#include "manifest.h"
#include "report_files.h"

namespace ranklens::app {
namespace {

study::ExperimentResults made(const Common& common, const ExperimentRun& run) {
  base::ProgressBar bar(common.quiet);
  auto results = study::run(run.experiment, {.folder = common.out,
                                             .work = run.work,
                                             .progress = bar.callback(),
                                             .note = [&](const std::string& line) {
                                               bar.clear();
                                               if (!common.quiet) std::cerr << line << '\n';
                                             }});
  bar.clear();
  if (!results.complete && (!run.partial || made_of(run.experiment, results) == 0)) {
    throw base::SystemError("interrupted; the same command goes on from there");
  }
  return results;
}

void require_any(const ExperimentRun& run, const study::ExperimentResults& results,
                 const std::string& page) {
  if (!run.failure || results.cells.empty()) return;
  const auto failed = [&](const auto& one) { return !run.failure(one.second).empty(); };
  if (!std::all_of(results.cells.begin(), results.cells.end(), failed)) return;
  const auto& [name, result] = *results.cells.begin();
  throw base::SystemError(
      fmt::format("every training diverged, so that nothing can be compared; {}: {}; the page: {}",
                  name, run.failure(result), page));
}

}  // namespace

void run_experiment(const Common& common, const ExperimentRun& run) {
  base::install_interrupt_handlers();
  const base::Stopwatch watch;
  const auto results = made(common, run);
  const std::filesystem::path folder = common.out;
  const auto data = run.page(results, command_line());
  auto files = write_pages(folder, data);
  if (run.files) {
    for (const auto& [name, contents] : run.files(results)) {
      base::write_file(folder / name, contents);
      files.push_back(name);
    }
  }
  files.emplace_back("experiment.json");
  for (const auto& [cell, result] : results.cells) files.push_back("cells/" + cell + ".json");
  write_manifest(folder, common,
                 {.command = "reproduce",
                  .configuration = Json::parse(run.experiment.settings.dump()),
                  .data_hash = run.data_hash,
                  .wall_seconds = watch.seconds(),
                  .more = {{"experiment", run.experiment.name}},
                  .files = std::move(files)});
  const auto page = (folder / "report.html").string();
  require_any(run, results, page);
  emit(common, Json{{"page", page}, {"folder", folder.string()}, {"verdicts", verdicts_json(data)}},
       summary(data) + "\nThe page: " + page + "\n");
  if (!results.complete) {
    throw base::SystemError(fmt::format(
        "interrupted: the page shows {} of {} cells; the same command goes on from there",
        made_of(run.experiment, results), run.experiment.cells.size()));
  }
}

}  // namespace ranklens::app
