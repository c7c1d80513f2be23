#include "ranklens/tn/linear/schedule_cost.h"

#include <algorithm>
#include <cmath>

namespace ranklens::tn {
namespace {

double share(double size, double half) { return size / (size + half); }

/// Products are computed in blocks of vectors; a part of one costs as much as all of it: 25 rows
/// take as long as 32.
double of_whole_blocks(double size) {
  constexpr double block = 8;
  return size > 2 * block ? size / (std::ceil(size / block) * block) : 1;
}

double in_blocks(double rows, double columns) {
  return of_whole_blocks(rows) * of_whole_blocks(columns);
}

/// The share of full speed that a product of these sizes reaches.
double efficiency(double rows, double inner, double columns) {
  return share(rows, 6) * share(inner, 8) * share(columns, 6) * in_blocks(rows, columns);
}

/// The same of many products; those of few columns each are no batch that a library is fast at.
double batched_efficiency(double rows, double inner, double columns) {
  return share(rows, 8) * share(inner, 8) * share(columns, 10) * (columns < 12 ? 0.2 : 1.0) *
         in_blocks(rows, columns);
}

/// What a product moves: states, and a matrix that a core's own cache cannot hold once for every
/// batch. What fits into the shared cache moves about four times as fast as what does not.
double traffic_seconds(const StepSizes& s, const ScheduleOptions& options) {
  const auto number = static_cast<double>(options.bytes);
  const double matrix = number * static_cast<double>(s.rows) * static_cast<double>(s.inner);
  const double states = number * static_cast<double>(s.batches) * static_cast<double>(s.columns) *
                        static_cast<double>(s.rows + s.inner);
  const double times = s.columns == 1 ? 1 : static_cast<double>(s.batches);
  constexpr double own_cache = 1 << 18;
  const bool fits = states + matrix <= static_cast<double>(options.cache);
  return (states + (matrix > own_cache ? times * matrix : matrix)) /
         ((fits ? 4 : 1) * options.rates.bandwidth);
}

/// The gradient of the step's matrix: a product for each batch, added up.
double gradient_seconds(const StepSizes& s, const ScheduleOptions& options) {
  if (s.columns == 1) return product_seconds({1, s.rows, s.batches, s.inner}, options);
  const double once = product_seconds({1, s.rows, s.columns, s.inner}, options);
  return static_cast<double>(s.batches) * (once + options.rates.call);
}

}  // namespace

double merged_size(const TrainModes& modes, std::size_t first, std::size_t last) {
  return static_cast<double>(modes.ranks[first] * modes.ranks[last]) *
         static_cast<double>(modes.outs(first, last)) * static_cast<double>(modes.ins(first, last));
}

Merging merging_of(const TrainModes& modes, std::size_t first, std::size_t last) {
  if (last <= first + 1) return {};
  const auto middle = (first + last) / 2;
  const auto left = merging_of(modes, first, middle), right = merging_of(modes, middle, last);
  const double size = merged_size(modes, first, last);
  return {left.operations + right.operations + 2 * size * static_cast<double>(modes.ranks[middle]),
          left.written + right.written + 2 * size};
}

double product_seconds(const StepSizes& s, const ScheduleOptions& options) {
  const auto rows = static_cast<double>(s.rows), inner = static_cast<double>(s.inner),
             columns = static_cast<double>(s.columns), batches = static_cast<double>(s.batches);
  const double operations = 2 * s.multiply_adds(), traffic = traffic_seconds(s, options);
  if (s.columns == 1)
    return operations / (options.rates.product * efficiency(batches, inner, rows)) + traffic;
  const double reached =
      s.batches == 1 ? efficiency(rows, inner, columns) : batched_efficiency(rows, inner, columns);
  return operations / (options.rates.product * reached) + traffic;
}

double step_seconds(const StepSizes& s, bool last, const ScheduleOptions& options) {
  const double once = product_seconds(s, options);
  if (!options.training) return once;
  const double both = once + product_seconds({s.batches, s.inner, s.rows, s.columns}, options) +
                      gradient_seconds(s, options);
  if (last) return both;
  const double result = static_cast<double>(s.batches * s.rows * s.columns * options.bytes);
  return both + (options.store > 0 ? std::min(once, 2 * result / options.rates.bandwidth) : once);
}

double merge_seconds(const TrainModes& modes, const Absorption& step,
                     const ScheduleOptions& options) {
  const auto [operations, written] = merging_of(modes, step.first, step.last);
  const bool whole = step.first == 0 && step.last == modes.cores();
  const auto calls = static_cast<double>(4 * (step.last - step.first)) + (whole ? kWholeCalls : 0);
  const double once = operations / options.rates.product +
                      written * static_cast<double>(options.bytes) / options.rates.bandwidth +
                      options.rates.call * calls;
  return options.training ? 3 * once : once;
}

double copies_seconds(const TrainModes& modes, const Schedule& schedule,
                      const ScheduleOptions& options) {
  if (!schedule.batch_last) return 0;
  const auto numbers =
      static_cast<double>(options.batch) *
      static_cast<double>(modes.outs(0, modes.cores()) + modes.ins(0, modes.cores()));
  return (options.training ? 3 : 1) * numbers * static_cast<double>(options.bytes) /
         (0.5 * options.rates.bandwidth);
}

double dense_seconds(const TrainModes& modes, const ScheduleOptions& options) {
  const auto whole = modes.cores();
  const double once = 2 * static_cast<double>(options.batch) *
                      static_cast<double>(modes.outs(0, whole)) *
                      static_cast<double>(modes.ins(0, whole)) /
                      (options.rates.dense * efficiency(static_cast<double>(options.batch),
                                                        static_cast<double>(modes.ins(0, whole)),
                                                        static_cast<double>(modes.outs(0, whole))));
  const double merging = merge_seconds(modes, {0, whole, true}, options);
  if (!options.training) return once + merging;
  const bool again = options.store <= 0;  // the matrix is not kept
  return 3 * once + (again ? 4.0 / 3 : 1) * merging;
}

}  // namespace ranklens::tn
