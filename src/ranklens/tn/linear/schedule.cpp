#include "ranklens/tn/linear/schedule.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "ranklens/tn/linear/panel_cost.h"
#include "ranklens/tn/linear/schedule_cost.h"

namespace ranklens::tn {
namespace {

std::int64_t product_of(const std::vector<std::int64_t>& values, std::size_t first,
                        std::size_t last) {
  return std::accumulate(values.begin() + static_cast<std::ptrdiff_t>(first),
                         values.begin() + static_cast<std::ptrdiff_t>(last), std::int64_t{1},
                         std::multiplies<>());
}

/// What is left of a train while it is absorbed: cores first..last-1.
struct Rest {
  std::size_t first, last;
};

StepSizes sizes_of(const TrainModes& modes, Rest rest, const Absorption& step, bool batch_last,
                   std::int64_t rows) {
  const auto before = batch_last ? 1 : rows, after = batch_last ? rows : 1;
  const auto done_left = modes.outs(0, rest.first),
             done_right = modes.outs(rest.last, modes.cores());
  const auto outs = modes.outs(step.first, step.last), ins = modes.ins(step.first, step.last);
  const auto left = modes.ranks[rest.first], right = modes.ranks[rest.last];
  if (step.first == rest.first && step.last == rest.last)
    return {before * done_left, outs, left * ins * right, done_right * after};
  if (step.from_left) {
    return {before * done_left, outs * modes.ranks[step.last], left * ins,
            modes.ins(step.last, rest.last) * right * done_right * after};
  }
  return {before * done_left * left * modes.ins(rest.first, step.first),
          modes.ranks[step.first] * outs, ins * right, done_right * after};
}

void take(Rest& rest, const Absorption& step) {
  if (step.from_left) {
    rest.first = step.last;
  } else {
    rest.last = step.first;
  }
}

/// The ends that cores may be absorbed from.
struct Ends {
  bool left = true, right = true;
};

/// The best ways to absorb cores i..j-1 when they are what is left, for one layout and tile.
class Search {
 public:
  Search(const TrainModes& modes, const ScheduleOptions& options, bool batch_last,
         std::int64_t tile, Ends ends)
      : modes_(modes), options_(options), batch_last_(batch_last), tile_(tile), ends_(ends) {
    const auto d = modes.cores();
    best_.assign((d + 1) * (d + 1), {std::numeric_limits<double>::infinity(), {}});
    for (std::size_t length = 1; length <= d; ++length)
      for (std::size_t i = 0; i + length <= d; ++i) settle({i, i + length});
  }

  Schedule schedule() const {
    Schedule found{.steps = {}, .batch_last = batch_last_, .tile = tile_, .stored = {}};
    Rest rest{0, modes_.cores()};
    while (rest.first < rest.last) {
      const auto& step = at(rest).step;
      found.steps.push_back(step);
      const bool last = step.first == rest.first && step.last == rest.last;
      if (last) break;
      take(rest, step);
    }
    return found;
  }

 private:
  struct Best {
    double seconds;
    Absorption step;
  };

  const Best& at(Rest rest) const { return best_[rest.first * (modes_.cores() + 1) + rest.last]; }

  void offer(Rest rest, const Absorption& step, bool last) {
    Rest after = rest;
    take(after, step);
    const auto sizes = sizes_of(modes_, rest, step, batch_last_, tile_);
    const double tiles = static_cast<double>(options_.batch) / static_cast<double>(tile_);
    const double seconds = tiles * (step_seconds(sizes, last, options_) + options_.rates.call) +
                           merge_seconds(modes_, step, options_) + (last ? 0 : at(after).seconds);
    auto& best = best_[rest.first * (modes_.cores() + 1) + rest.last];
    if (seconds < best.seconds) best = {seconds, step};
  }

  void settle(Rest rest) {
    offer(rest, {rest.first, rest.last, true}, true);
    for (auto k = rest.first + 1; k < rest.last; ++k) {
      if (ends_.left) offer(rest, {rest.first, k, true}, false);
      if (ends_.right) offer(rest, {k, rest.last, false}, false);
    }
  }

  const TrainModes& modes_;
  const ScheduleOptions& options_;
  bool batch_last_;
  std::int64_t tile_;
  Ends ends_;
  std::vector<Best> best_;
};

/// Stores the results that are cheaper to keep than to compute again, as far as `store` allows.
void choose_stored(const TrainModes& modes, Schedule& schedule, const ScheduleOptions& options) {
  if (schedule.panels) return;
  if (schedule.rebuild) {
    const double bytes = static_cast<double>(options.bytes) * merged_size(modes, 0, modes.cores());
    schedule.stored.assign(1, options.training && bytes <= options.store);
    return;
  }
  schedule.stored.assign(schedule.steps.size() - 1, false);
  if (!options.training || options.store <= 0) return;
  const auto sizes = step_sizes(modes, schedule, options.batch);
  double left = options.store;
  for (std::size_t k = 0; k + 1 < sizes.size(); ++k) {
    const auto& s = sizes[k];
    const double bytes = static_cast<double>(options.bytes) * static_cast<double>(s.batches) *
                         static_cast<double>(s.rows) * static_cast<double>(s.columns);
    const bool pays = 2 * bytes / options.rates.bandwidth < product_seconds(s, options);
    if (pays && bytes <= left) schedule.stored[k] = true, left -= bytes;
  }
}

double tiles_of(const Schedule& schedule, std::int64_t batch) {
  return std::ceil(static_cast<double>(batch) / static_cast<double>(schedule.tile));
}

/// What is searched apart.
std::vector<Ends> ends_of(Order order) {
  if (order == Order::any) return {{}};
  if (order == Order::from_left) return {{true, false}};
  return {{true, false}, {false, true}};
}

/// The cheapest order of steps for each layout and tile, the dense matrix rebuilt, and what the
/// kernels of panels/ do, with their seconds.
std::vector<Schedule> compared(const TrainModes& modes, const ScheduleOptions& options) {
  std::vector<Schedule> all{
      {.steps = {{0, modes.cores(), true}}, .tile = options.batch, .rebuild = true, .stored = {}}};
  all.front().seconds = dense_seconds(modes, options);
  const auto batch = std::max<std::int64_t>(1, options.batch);
  const auto ends = ends_of(options.order);
  for (const bool batch_last : {false, true}) {
    for (std::int64_t tile : {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024}) {
      if (!options.tiled) tile = batch;
      if (tile > batch && tile / 2 >= batch) break;
      tile = std::min(tile, batch);
      for (const auto& from : ends) {
        all.push_back(Search(modes, options, batch_last, tile, from).schedule());
        all.back().seconds = expected_seconds(modes, all.back(), options);
      }
      if (!options.tiled) break;
    }
  }
  for (auto& found : panel_schedules(modes, options)) all.push_back(std::move(found));
  if (options.order == Order::from_left)
    std::erase_if(all, [](const Schedule& one) { return !one.steps.front().from_left; });
  return all;
}

}  // namespace

std::int64_t TrainModes::outs(std::size_t first, std::size_t last) const {
  return product_of(out, first, last);
}

std::int64_t TrainModes::ins(std::size_t first, std::size_t last) const {
  return product_of(in, first, last);
}

double StepSizes::multiply_adds() const {
  return static_cast<double>(batches) * static_cast<double>(rows) * static_cast<double>(inner) *
         static_cast<double>(columns);
}

std::vector<StepSizes> step_sizes(const TrainModes& modes, const Schedule& schedule,
                                  std::int64_t rows) {
  std::vector<StepSizes> sizes;
  Rest rest{0, modes.cores()};
  for (const auto& step : schedule.steps) {
    sizes.push_back(sizes_of(modes, rest, step, schedule.batch_last, rows));
    take(rest, step);
  }
  return sizes;
}

double expected_seconds(const TrainModes& modes, const Schedule& schedule,
                        const ScheduleOptions& options) {
  if (schedule.rebuild && schedule.panels) return strips_seconds(modes, schedule, options);
  if (schedule.rebuild) return dense_seconds(modes, options);
  if (schedule.panels) return panel_seconds(modes, schedule, options);
  double seconds = copies_seconds(modes, schedule, options);
  const auto sizes = step_sizes(modes, schedule, schedule.tile);
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    seconds += static_cast<double>(options.batch) / static_cast<double>(schedule.tile) *
                   step_seconds(sizes[k], k + 1 == sizes.size(), options) +
               tiles_of(schedule, options.batch) * options.rates.call +
               merge_seconds(modes, schedule.steps[k], options);
  }
  return seconds;
}

std::vector<Schedule> possible_schedules(const TrainModes& modes, const ScheduleOptions& options) {
  auto all = compared(modes, options);
  for (auto& schedule : all) choose_stored(modes, schedule, options);
  return all;
}

Schedule plan_application(const TrainModes& modes, const ScheduleOptions& options) {
  const auto all = compared(modes, options);
  auto best = *std::min_element(all.begin(), all.end(),
                                [](const auto& a, const auto& b) { return a.seconds < b.seconds; });
  choose_stored(modes, best, options);
  return best;
}

std::string describe(const Schedule& schedule) {
  if (schedule.rebuild)
    return schedule.panels ? "the dense matrix is rebuilt, a strip at a time"
                           : "the dense matrix is rebuilt";
  std::string text;
  for (const auto& step : schedule.steps) {
    const bool last = &step == &schedule.steps.back();
    const auto cores = step.last == step.first + 1
                           ? fmt::format("core {}", step.last)
                           : fmt::format("cores {}-{} merged", step.first + 1, step.last);
    text += fmt::format("{}{}{}", text.empty() ? "" : ", then ", cores,
                        last             ? ""
                        : step.from_left ? " from the left"
                                         : " from the right");
  }
  if (schedule.panels)
    return fmt::format("{}; both in one pass, {} rows at once", text, schedule.tile);
  return fmt::format("{}; batch {}, {} {} at once", text, schedule.batch_last ? "last" : "first",
                     schedule.tile, schedule.tile == 1 ? "row" : "rows");
}

}  // namespace ranklens::tn
