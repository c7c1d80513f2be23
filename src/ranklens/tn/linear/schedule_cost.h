#pragma once

#include "ranklens/tn/linear/schedule.h"

// What the parts of an application of a TT matrix cost by the model of schedule.h, in seconds.
namespace ranklens::tn {

/// The products of one step.
double product_seconds(const StepSizes& sizes, const ScheduleOptions& options);

/// One step: forward, or all products of both passes, where the last one's result is not computed
/// again.
double step_seconds(const StepSizes& sizes, bool last, const ScheduleOptions& options);

/// Operations and numbers written where cores are merged in halves, as merged_core() does.
struct Merging {
  double operations = 0, written = 0;
};
Merging merging_of(const TrainModes& modes, std::size_t first, std::size_t last);

/// Numbers of the core that these cores are merged into.
double merged_size(const TrainModes& modes, std::size_t first, std::size_t last);

/// Merging the cores of a step, which does not depend on the batch.
double merge_seconds(const TrainModes& modes, const Absorption& step,
                     const ScheduleOptions& options);

/// Turning input and output round where the batch is the last index.
double copies_seconds(const TrainModes& modes, const Schedule& schedule,
                      const ScheduleOptions& options);

/// Calls of operators more where all cores become one matrix, which is put in the dense order, and
/// its gradient back.
constexpr double kWholeCalls = 40;

/// Forming the dense matrix, and one product with it.
double dense_seconds(const TrainModes& modes, const ScheduleOptions& options);

}  // namespace ranklens::tn
