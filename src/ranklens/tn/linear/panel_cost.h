#pragma once

#include <vector>

#include "ranklens/tn/linear/panels/rebuilt.h"
#include "ranklens/tn/linear/panels/two_steps.h"
#include "ranklens/tn/linear/schedule.h"

// Two steps in one pass, by the kernels of panels/, in the cost model of schedule.h.
namespace ranklens::tn {

/// The sizes of a schedule of two steps.
panels::TwoSteps two_steps_of(const TrainModes& modes, const Schedule& schedule);

double panel_seconds(const TrainModes& modes, const Schedule& schedule,
                     const ScheduleOptions& options);

/// The sizes of a matrix that is rebuilt in strips, whose halves are the schedule's two steps.
panels::Rebuilt rebuilt_of(const TrainModes& modes, const Schedule& schedule);

double strips_seconds(const TrainModes& modes, const Schedule& schedule,
                      const ScheduleOptions& options);

/// Every way to absorb a train in two steps or to rebuild it in strips, with its seconds; none
/// where the rates know no such kernels.
std::vector<Schedule> panel_schedules(const TrainModes& modes, const ScheduleOptions& options);

}  // namespace ranklens::tn
