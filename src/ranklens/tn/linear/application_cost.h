#pragma once

#include <cstdint>

#include "ranklens/tn/linear/schedule.h"

namespace ranklens::tn {

/// What a schedule computes and holds for a batch; a multiply-add is two operations.
struct ScheduleCost {
  double forward = 0;   ///< operations: merging cores, then the products of the steps
  double backward = 0;  ///< those of both gradients, and of results that are computed again
  double kept = 0;      ///< bytes held from the forward to the backward pass beside input and cores
  double working = 0;   ///< bytes of merged matrices and of one tile's results while it computes
};

/// `training`: with the backward pass, whose gradient of the input is wanted.
ScheduleCost schedule_cost(const TrainModes& modes, const Schedule& schedule, std::int64_t batch,
                           std::int64_t bytes, bool training);

}  // namespace ranklens::tn
