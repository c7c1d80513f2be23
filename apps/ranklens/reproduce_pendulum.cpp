#include "reproduce_pendulum.h"

#include <iostream>

#include <fmt/format.h>

#include "ranklens/base/clock.h"
#include "ranklens/base/error.h"
#include "ranklens/base/files.h"
#include "ranklens/base/interrupt.h"
#include "ranklens/report/reproductions/pendulum_page.h"
#include "ranklens/study/pendulum/experiment.h"

#include "command_line.h"
#include "manifest.h"
#include "report_files.h"

namespace ranklens::app {
namespace {

namespace pendulum = study::pendulum;

pendulum::Options pendulum_options(const Common& common, Extent extent) {
  pendulum::Options options;
  const std::size_t clouds = extent == Extent::smoke ? 2 : 5;
  options.seeds.clear();
  for (std::size_t k = 0; k < clouds; ++k) options.seeds.push_back(common.seed + k);
  if (extent == Extent::quick) options.refinements = {1, 2, 4};
  if (extent != Extent::smoke) return options;
  options.frames = 40;
  options.refinements = {1, 2};
  options.spreads = {0.02, 0.2};
  options.film_side = 16;
  options.film_frames = 60;
  options.film_window = 20;
  options.film_ranks = {2, 4};
  return options;
}

study::ExperimentResults made(const Common& common, const pendulum::Options& options) {
  base::ProgressBar bar(common.quiet);
  auto results = study::run(
      pendulum::experiment(options),
      {.folder = common.out, .progress = bar.callback(), .note = [&](const std::string& line) {
         bar.clear();
         if (!common.quiet) std::cerr << line << '\n';
       }});
  bar.clear();
  if (!results.complete)
    throw base::SystemError("interrupted; the same command goes on from there");
  return results;
}

}  // namespace

void reproduce_pendulum(const Common& common, Extent extent) {
  start(common);
  base::install_interrupt_handlers();
  const base::Stopwatch watch;
  const auto options = pendulum_options(common, extent);
  const auto results = made(common, options);
  const std::filesystem::path folder = common.out;
  const auto data = report::pendulum_page(options, results, command_line());
  auto files = write_pages(folder, data);
  files.emplace_back("pendulum.svg");
  base::write_file(folder / files.back(),
                   report::pendulum_animation(results.cells.at("frames"), 4));
  files.emplace_back("experiment.json");
  for (const auto& [cell, result] : results.cells) files.push_back("cells/" + cell + ".json");
  const auto experiment = pendulum::experiment(options);
  write_manifest(folder, common,
                 {.command = "reproduce",
                  .configuration = Json::parse(experiment.settings.dump()),
                  .wall_seconds = watch.seconds(),
                  .more = {{"experiment", experiment.name}},
                  .files = std::move(files)});
  const auto page = (folder / "report.html").string();
  emit(common, Json{{"page", page}, {"folder", folder.string()}, {"verdicts", verdicts_json(data)}},
       summary(data) + "\nThe page: " + page + "\n");
}

}  // namespace ranklens::app
