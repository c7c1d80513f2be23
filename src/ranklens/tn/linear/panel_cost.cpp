#include "ranklens/tn/linear/panel_cost.h"

#include <algorithm>
#include <cmath>

#include "ranklens/tn/linear/schedule_cost.h"

namespace ranklens::tn {
namespace {

constexpr double kTallest = 6;   // rows of a block; 12 with wider registers, where 9 are enough
constexpr double kEnough = 4.5;  // rows that keep the units for multiplying busy

/// The share of full speed of products with this many rows and terms of each sum.
double reached(double rows, double terms) {
  const double height = rows / std::ceil(rows / kTallest);
  return std::min(1.0, height / kEnough) * terms / (terms + 4);
}

double padded(std::int64_t numbers, std::int64_t lanes) {
  const auto panels = (numbers + lanes - 1) / lanes;
  return static_cast<double>(panels * lanes);
}

/// Operations at full speed that the products of both steps are worth.
struct Work {
  double first, second;            ///< forward
  double first_back, second_back;  ///< both gradients
};

Work work_of(const panels::TwoSteps& n, double batch, std::int64_t lanes) {
  const auto p = static_cast<double>(n.p), q = static_cast<double>(n.q),
             r = static_cast<double>(n.r), s = static_cast<double>(n.s),
             t = static_cast<double>(n.t);
  const double slices = std::clamp(std::ceil(64 / r), 1.0, s);
  const double first = 2 * batch * s * p * r * q, second = 2 * batch * s * p * r * t;
  const double width = 2 * static_cast<double>(lanes);
  return {first / reached(slices * r, q), second / reached(t, p * r),
          first / reached(q, slices * r) +
              first / q * padded(n.q, lanes) / reached(slices * r, p * width),
          second / reached(p * r, t) +
              second / t * padded(n.t, lanes) / reached(p * r, slices * width)};
}

constexpr double kTurned = 4e-10, kPacked = 1.4e-9;  // seconds a number

/// Turning rows of the batch into panels and back, packing matrices, merging cores. From the left
/// the input's numbers go to places that are far apart, from the right those of the output.
double around_seconds(const TrainModes& modes, const Schedule& schedule, const panels::TwoSteps& n,
                      double batch, const ScheduleOptions& options) {
  constexpr double input_apart = 8e-10, output_apart = 3e-10;
  const double ins = batch * static_cast<double>(n.p * n.q),
               outs = batch * static_cast<double>(n.s * n.t);
  const double matrices = static_cast<double>(n.s * n.r * n.q + n.t * n.p * n.r);
  const double apart = n.from_left ? input_apart * ins : output_apart * outs;
  double seconds = kTurned * (ins + outs) + apart + kPacked * matrices;
  if (options.training) {
    seconds += kTurned * (3 * ins + 2 * outs) + 3 * kPacked * matrices;
    seconds += (n.from_left ? 2 : 1) * apart;  // input and its gradient; the output's gradient
  }
  for (const auto& step : schedule.steps) seconds += merge_seconds(modes, step, options);
  return seconds;
}

/// Writing states and reading them again: from front to back, beside products, which is about four
/// times as fast as copying.
double store_seconds(double bytes, const Rates& rates) { return 2 * bytes / (4 * rates.bandwidth); }

}  // namespace

panels::TwoSteps two_steps_of(const TrainModes& modes, const Schedule& schedule) {
  const auto d = modes.cores();
  const auto& step = schedule.steps.front();
  const auto k = step.from_left ? step.last : step.first;
  const auto left_in = modes.ins(0, k), right_in = modes.ins(k, d), left_out = modes.outs(0, k),
             right_out = modes.outs(k, d);
  if (step.from_left) return {right_in, left_in, modes.ranks[k], left_out, right_out, true};
  return {left_in, right_in, modes.ranks[k], right_out, left_out, false};
}

double panel_seconds(const TrainModes& modes, const Schedule& schedule,
                     const ScheduleOptions& options) {
  const auto n = two_steps_of(modes, schedule);
  const double batch = padded(std::max<std::int64_t>(1, options.batch), options.rates.lanes);
  const auto work = work_of(n, batch, options.rates.lanes);
  const double around = around_seconds(modes, schedule, n, batch, options);
  if (!options.training) return (work.first + work.second) / options.rates.panels + around;
  const double bytes = batch * static_cast<double>(n.state() * options.bytes);
  const bool stored = !schedule.stored.empty() && schedule.stored.front();
  return (work.first + work.second + work.first_back + work.second_back) / options.rates.panels +
         (stored ? store_seconds(bytes, options.rates) : work.first / options.rates.panels) +
         around;
}

panels::Rebuilt rebuilt_of(const TrainModes& modes, const Schedule& schedule) {
  const auto k = schedule.steps.front().last, d = modes.cores();
  return {modes.outs(0, k), modes.outs(k, d), modes.ins(0, k), modes.ins(k, d), modes.ranks[k]};
}

namespace {

/// Small products that forming a matrix in strips takes, one for each row of each strip.
double strip_rows(std::int64_t slow, std::int64_t fast, std::int64_t rows, std::int64_t lanes) {
  return static_cast<double>(slow * panels::blocks_of(fast, 2 * lanes) * rows);
}

}  // namespace

double strips_seconds(const TrainModes& modes, const Schedule& schedule,
                      const ScheduleOptions& options) {
  const auto n = rebuilt_of(modes, schedule);
  const auto batch = static_cast<double>(std::max<std::int64_t>(1, options.batch)),
             size = static_cast<double>(n.outs() * n.ins()), rank = static_cast<double>(n.r),
             outs = static_cast<double>(n.outs());
  const auto& rates = options.rates;
  // Every strip reads all rows of the batch again, as they lie.
  constexpr double as_they_lie = 0.8, small_product = 4e-8;
  const double halves = kPacked * rank * static_cast<double>(n.a * n.c + n.b * n.d);
  const double product =
      2 * batch * size /
      (as_they_lie * rates.panels * reached(batch, static_cast<double>(n.ins())));
  const double forming = 2 * rank * size / (rates.panels * reached(static_cast<double>(n.c), rank));
  double seconds = product + forming + halves + 20 * rates.call +
                   small_product * strip_rows(n.a, n.b, n.d, rates.lanes);
  for (const auto& step : schedule.steps) seconds += merge_seconds(modes, step, options);
  if (!options.training) return seconds;
  // The gradient of the matrix is written and, for both halves, read: products of few columns.
  const double gradient = 2 * batch * size / (0.9 * rates.panels * batch / (batch + 4)) +
                          kTurned * batch * outs + 8 * rank * size / rates.product +
                          12 * size / rates.bandwidth / 4 + 3 * kWholeCalls * rates.call;
  return seconds + product + forming + halves + gradient +
         small_product * strip_rows(n.c, n.d, n.b, rates.lanes);
}

namespace {

/// The ways to rebuild in strips.
void add_strips(const TrainModes& modes, const ScheduleOptions& options,
                std::vector<Schedule>& found) {
  const auto d = modes.cores();
  const auto lanes = options.rates.lanes;
  for (std::size_t k = 1; k < d; ++k) {
    Schedule schedule{
        .steps = {{0, k, true}, {k, d, true}}, .tile = 2 * lanes, .rebuild = true, .panels = true};
    const auto n = rebuilt_of(modes, schedule);
    if (n.b % lanes != 0 || n.d % lanes != 0) continue;
    schedule.seconds = strips_seconds(modes, schedule, options);
    found.push_back(std::move(schedule));
  }
}

}  // namespace

std::vector<Schedule> panel_schedules(const TrainModes& modes, const ScheduleOptions& options) {
  std::vector<Schedule> found;
  if (options.rates.panels <= 0 || !options.tiled) return found;
  add_strips(modes, options, found);
  const auto d = modes.cores();
  const auto batch = padded(std::max<std::int64_t>(1, options.batch), options.rates.lanes);
  for (std::size_t k = 1; k < d; ++k) {
    for (const bool from_left : {false, true}) {
      for (const bool stored : {false, true}) {
        Schedule schedule{.tile = 2 * options.rates.lanes, .panels = true, .stored = {stored}};
        schedule.steps = from_left ? std::vector<Absorption>{{0, k, true}, {k, d, true}}
                                   : std::vector<Absorption>{{k, d, false}, {0, k, true}};
        const auto state = static_cast<double>(two_steps_of(modes, schedule).state());
        const double bytes = batch * state * static_cast<double>(options.bytes);
        if (stored && (!options.training || bytes > options.store)) continue;
        schedule.seconds = panel_seconds(modes, schedule, options);
        found.push_back(std::move(schedule));
      }
    }
  }
  return found;
}

}  // namespace ranklens::tn
