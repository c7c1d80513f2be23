#pragma once

#include <string>

#include "ranklens/report/page.h"
#include "ranklens/study/experiment.h"
#include "ranklens/study/pendulum/experiment.h"

namespace ranklens::report {

/// The page of the pendulum's experiment from its cells; `command` is what made it.
ReportData pendulum_page(const study::pendulum::Options& options,
                         const study::ExperimentResults& results, const std::string& command);

/// The swinging cloud with its best line and the followed one, an SVG that plays by itself: of the
/// cell "frames". `seconds`: how long one pass takes.
std::string pendulum_animation(const nlohmann::json& frames, double seconds = 4);
/// Ten frames of it side by side, from the first to the last; `step`: seconds between frames.
std::string pendulum_frames(const nlohmann::json& frames, double step);

}  // namespace ranklens::report
