#include "reproduce_pendulum.h"

#include "ranklens/report/reproductions/pendulum_page.h"
#include "ranklens/study/pendulum/experiment.h"

#include "run_experiment.h"

namespace ranklens::app {
namespace {

namespace pendulum = study::pendulum;
using study::reproductions::Extent;

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

}  // namespace

void reproduce_pendulum(const Common& common, Extent extent) {
  const auto options = pendulum_options(common, extent);
  run_experiment(
      common,
      {.experiment = pendulum::experiment(options),
       .page =
           [&](const study::ExperimentResults& results, const std::string& command) {
             return report::pendulum_page(options, results, command);
           },
       .files = [&](const study::ExperimentResults& results) -> std::map<std::string, std::string> {
         const auto& frames = results.cells.at("frames");
         return {{"pendulum.svg", report::pendulum_animation(frames)},
                 {"frames.svg", report::pendulum_frames(frames, options.step)}};
       }});
}

}  // namespace ranklens::app
