#include "ranklens/tn/linear/application_cost.h"

#include <algorithm>

#include "ranklens/tn/linear/schedule_cost.h"

namespace ranklens::tn {
namespace {

double result_numbers(const StepSizes& s) {
  return static_cast<double>(s.batches) * static_cast<double>(s.rows) *
         static_cast<double>(s.columns);
}

/// The dense matrix and one product; its gradient flows back through the merging.
ScheduleCost rebuilt_cost(const TrainModes& modes, double batch, double bytes, bool training) {
  const auto all = modes.cores();
  const double size = merged_size(modes, 0, all);
  const auto merging = merging_of(modes, 0, all);
  ScheduleCost cost{.forward = merging.operations + 2 * batch * size, .working = bytes * size};
  if (!training) return cost;
  cost.backward = 2 * merging.operations + 4 * batch * size;
  cost.kept = bytes * merging.written / 2;  // every merged core once: half is their turning round
  cost.working = 2 * bytes * size;
  return cost;
}

}  // namespace

ScheduleCost schedule_cost(const TrainModes& modes, const Schedule& schedule, std::int64_t batch,
                           std::int64_t bytes, bool training) {
  const auto rows = static_cast<double>(batch), each = static_cast<double>(bytes);
  if (schedule.rebuild) return rebuilt_cost(modes, rows, each, training);
  ScheduleCost cost;
  const auto sizes = step_sizes(modes, schedule, 1);
  double merging = 0, products = 0, again = 0, tile = 0;
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    const auto& step = schedule.steps[k];
    const bool last = k + 1 == sizes.size();
    const double product = 2 * rows * sizes[k].multiply_adds();
    merging += merging_of(modes, step.first, step.last).operations;
    products += product;
    cost.working += each * static_cast<double>(sizes[k].rows) * static_cast<double>(sizes[k].inner);
    if (last) continue;
    const double numbers = result_numbers(sizes[k]);
    const bool stored = k < schedule.stored.size() && schedule.stored[k];
    if (stored && training) cost.kept += each * rows * numbers;
    if (!stored) again += product;
    tile += numbers;
  }
  cost.forward = merging + products;
  cost.working += each * static_cast<double>(std::min(schedule.tile, batch)) * tile;
  // Merging is done again for its graph, and its gradients are two products each.
  if (training) cost.backward = 3 * merging + 2 * products + again;
  return cost;
}

}  // namespace ranklens::tn
