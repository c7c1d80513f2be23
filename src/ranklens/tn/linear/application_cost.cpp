#include "ranklens/tn/linear/application_cost.h"

#include <algorithm>

#include "ranklens/tn/linear/panel_cost.h"
#include "ranklens/tn/linear/schedule_cost.h"

namespace ranklens::tn {
namespace {

double result_numbers(const StepSizes& s) {
  return static_cast<double>(s.batches) * static_cast<double>(s.rows) *
         static_cast<double>(s.columns);
}

bool stores(const Schedule& schedule, std::size_t k) {
  return k < schedule.stored.size() && schedule.stored[k];
}

/// The dense matrix and one product; the matrix is formed again where it is not kept.
ScheduleCost rebuilt_cost(const TrainModes& modes, const Schedule& schedule, double batch,
                          double bytes, bool training) {
  const auto all = modes.cores();
  const double size = merged_size(modes, 0, all);
  const double merging = merging_of(modes, 0, all).operations;
  ScheduleCost cost{.forward = merging + 2 * batch * size, .working = bytes * size};
  if (schedule.panels)
    cost.working = bytes * static_cast<double>(modes.ins(0, all) * schedule.tile);
  if (!training) return cost;
  const bool kept = stores(schedule, 0);
  cost.backward = (kept ? 2 : 3) * merging + 4 * batch * size;
  cost.kept = kept ? bytes * size : 0;
  cost.working = (schedule.panels ? 1 : 2) * bytes * size;  // its gradient; and itself
  return cost;
}

/// Two steps in one pass: the memory is that of a few rows of the batch and of both matrices.
ScheduleCost panel_cost(const TrainModes& modes, const Schedule& schedule, double batch,
                        double bytes, bool training) {
  const auto n = two_steps_of(modes, schedule);
  const auto tile = static_cast<double>(schedule.tile);
  const double ins = static_cast<double>(n.p * n.q), outs = static_cast<double>(n.s * n.t);
  const auto state = static_cast<double>(n.state());
  const double first = 2 * batch * state * static_cast<double>(n.q),
               second = 2 * batch * state * static_cast<double>(n.t);
  const double matrices = static_cast<double>(n.s * n.r * n.q + n.t * n.p * n.r);
  double merging = 0;
  for (const auto& step : schedule.steps)
    merging += merging_of(modes, step.first, step.last).operations;
  const bool kept = training && stores(schedule, 0);
  ScheduleCost cost{.forward = merging + first + second};
  cost.working = bytes * (2 * matrices + tile * (ins + outs + state));
  if (!training) return cost;
  cost.backward = 3 * merging + 2 * (first + second) + (kept ? 0 : first);
  cost.kept = kept ? bytes * batch * state : 0;
  cost.working = bytes * (6 * matrices + tile * (3 * ins + 2 * outs + 2 * state));
  return cost;
}

}  // namespace

ScheduleCost schedule_cost(const TrainModes& modes, const Schedule& schedule, std::int64_t batch,
                           std::int64_t bytes, bool training) {
  const auto rows = static_cast<double>(batch), each = static_cast<double>(bytes);
  if (schedule.rebuild) return rebuilt_cost(modes, schedule, rows, each, training);
  if (schedule.panels) return panel_cost(modes, schedule, rows, each, training);
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
    const bool stored = stores(schedule, k);
    if (stored && training) cost.kept += each * rows * numbers;
    if (!stored) again += product;
    tile += numbers;
  }
  cost.forward = merging + products;
  cost.working += each * static_cast<double>(std::min(schedule.tile, batch)) * tile;
  // Merging is done again, and its gradients are two products each.
  if (training) cost.backward = 3 * merging + 2 * products + again;
  return cost;
}

}  // namespace ranklens::tn
