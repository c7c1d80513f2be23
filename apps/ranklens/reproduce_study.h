#pragma once

#include <string>
#include <vector>

#include "ranklens/study/training/reproductions.h"

#include "study_options.h"

namespace ranklens::app {

/// A published experiment that is a study: networks trained, explained and measured.
struct StudyExperiment {
  const char* name;  ///< of the preset, too
  const char* text;
  const char* data;  ///< what --data is for the whole of it; "" where it has data of its own
  bool has_short_form = true;  ///< takes --quick and --smoke
};
const std::vector<StudyExperiment>& study_experiments();

/// Runs it; the shorter extents on generated images, with fewer of everything.
void reproduce_study(StudyOptions options, const StudyExperiment& experiment,
                     study::reproductions::Extent extent);

}  // namespace ranklens::app
