#include "ranklens/tn/linear/application_cost.h"

#include <algorithm>

namespace ranklens::tn {
namespace {

double merged_numbers(const TrainModes& modes, std::size_t first, std::size_t last) {
  return static_cast<double>(modes.ranks[first] * modes.ranks[last]) *
         static_cast<double>(modes.outs(first, last)) * static_cast<double>(modes.ins(first, last));
}

/// Cores merged in halves, as merged_core() does: operations, and numbers of all that arise.
struct MergedCores {
  double operations = 0, numbers = 0;
};

MergedCores merged_cores(const TrainModes& modes, std::size_t first, std::size_t last) {
  if (last <= first + 1) return {};
  const auto middle = (first + last) / 2;
  const auto left = merged_cores(modes, first, middle), right = merged_cores(modes, middle, last);
  const double size = merged_numbers(modes, first, last);
  return {left.operations + right.operations + 2 * size * static_cast<double>(modes.ranks[middle]),
          left.numbers + right.numbers + size};
}

double result_numbers(const StepSizes& s) {
  return static_cast<double>(s.batches) * static_cast<double>(s.rows) *
         static_cast<double>(s.columns);
}

/// The dense matrix and one product; its gradient flows back through the merging.
ScheduleCost rebuilt_cost(const TrainModes& modes, double batch, double bytes, bool training) {
  const auto all = modes.cores();
  const double size = merged_numbers(modes, 0, all);
  const auto merging = merged_cores(modes, 0, all);
  ScheduleCost cost{.forward = merging.operations + 2 * batch * size, .working = bytes * size};
  if (!training) return cost;
  cost.backward = 2 * merging.operations + 4 * batch * size;
  cost.kept = bytes * merging.numbers;  // every merged core, for the gradients of the others
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
    merging += merged_cores(modes, step.first, step.last).operations;
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
