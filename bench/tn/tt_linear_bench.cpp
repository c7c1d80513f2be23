#include <ctime>
#include <optional>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/randn.h>
#include <benchmark/benchmark.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/base/product.h"
#include "ranklens/tn/linear/merge.h"
#include "ranklens/tn/linear/panel_cost.h"
#include "ranklens/tn/linear/rates.h"
#include "ranklens/tn/linear/tt_linear.h"

#include "inputs.h"

namespace {

using ranklens::tn::KeepStates;
using ranklens::tn::Schedule;
using ranklens::tn::TrainModes;

struct Case {
  const char* name;
  TrainModes modes;
  std::int64_t batch;
};

const Case kCases[] = {
    {"1024_r16_b128", {{4, 8, 8, 4}, {4, 8, 8, 4}, {1, 16, 16, 16, 1}}, 128},
    {"4096_r16_b64", {{8, 8, 8, 8}, {8, 8, 8, 8}, {1, 16, 16, 16, 1}}, 64},
    {"784to625_r8_b128", {{5, 5, 5, 5}, {4, 7, 7, 4}, {1, 8, 8, 8, 1}}, 128},
    {"1024_r4_b128", {{4, 8, 8, 4}, {4, 8, 8, 4}, {1, 4, 4, 4, 1}}, 128},
    {"4096_r8_b256", {{8, 8, 8, 8}, {8, 8, 8, 8}, {1, 8, 8, 8, 1}}, 256},
    {"2048to13824_r16_b512", {{24, 24, 24}, {16, 16, 8}, {1, 16, 16, 1}}, 512},
    {"2048to128_r16_b128", {{8, 4, 4}, {16, 16, 8}, {1, 16, 16, 1}}, 128},
    {"1024_r32_b256", {{32, 32}, {32, 32}, {1, 32, 1}}, 256},
};

std::vector<at::Tensor> cores_of(const char* name, const TrainModes& modes, bool training) {
  std::vector<at::Tensor> cores;
  for (std::size_t k = 0; k < modes.cores(); ++k) {
    const std::vector<std::int64_t> sizes{modes.ranks[k], modes.out[k], modes.in[k],
                                          modes.ranks[k + 1]};
    const auto file = std::string(name) + ".core" + std::to_string(k);
    const auto core = inputs::given_or(file, [&] { return at::randn(sizes); });
    cores.push_back(core.requires_grad_(training));
  }
  return cores;
}

template <class Run>
void timed(benchmark::State& state, const Case& c, double operations, Run&& run) {
  for (int warm = 0; warm < 2; ++warm) run();
  for ([[maybe_unused]] auto step : state) run();
  state.counters["GF/s"] = benchmark::Counter(
      operations * 1e-9 * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
  state.counters["batch"] = static_cast<double>(c.batch);
}

/// `given`: a schedule in place of the planned one.
void train_linear(benchmark::State& state, const Case& c, bool training, KeepStates keep,
                  const std::optional<Schedule>& given = {}) {
  const std::string name = c.name;
  const auto cores = cores_of(c.name, c.modes, training);
  auto watched = cores;
  const auto x = inputs::given_or(
      name + ".x", [&] { return at::randn({c.batch, c.modes.ins(0, c.modes.cores())}); });
  watched.insert(watched.begin(), x.requires_grad_(training));
  const at::Tensor dy = inputs::given_or(
      name + ".dy", [&] { return at::randn({c.batch, c.modes.outs(0, c.modes.cores())}); });
  const at::AutoGradMode mode(training);
  const auto schedule =
      given ? *given : ranklens::tn::tt_linear_schedule(cores, c.batch, training, keep);
  double once = 0;
  for (const auto& s : step_sizes(c.modes, schedule, c.batch)) once += 2 * s.multiply_adds();
  if (schedule.rebuild) once = 2.0 * static_cast<double>(c.batch * x.size(1) * dy.size(1));
  state.SetLabel(describe(schedule) +
                 (given && !schedule.stored.empty() && schedule.stored[0] ? ", stored" : ""));
  at::Tensor last;
  timed(state, c, (training ? 3 : 1) * once, [&] {
    // Planning is a part of what a layer does.
    const auto y = ranklens::tn::tt_linear(cores, x, {}, {.keep = keep, .schedule = given});
    if (training) {
      torch::autograd::grad({y}, watched, {dy});
    } else {
      last = y;
    }
  });
  if (!training) inputs::give_back(name + ".y", last);
}

/// All that the planner chooses among in mode `fast`: what it takes must be near the best of them.
std::vector<Schedule> alternatives(const Case& c, bool training) {
  ranklens::tn::ScheduleOptions options{.batch = c.batch,
                                        .training = training,
                                        .store = training ? 1e12 : 0,
                                        .rates = ranklens::tn::typical_rates(at::kFloat)};
  auto found = panel_schedules(c.modes, options);
  found.push_back({.steps = {{0, c.modes.cores(), true}}, .rebuild = true, .stored = {training}});
  options.rates.panels = 0;
  if (const auto tiles = plan_application(c.modes, options); !tiles.rebuild) found.push_back(tiles);
  return found;
}

void dense_linear(benchmark::State& state, const Case& c, bool training) {
  const auto n = c.modes.ins(0, c.modes.cores()), m = c.modes.outs(0, c.modes.cores());
  const at::Tensor w = at::randn({m, n}).requires_grad_(training);
  const at::Tensor x = at::randn({c.batch, n}).requires_grad_(training);
  const at::Tensor dy = at::randn({c.batch, m});
  const at::AutoGradMode mode(training);
  timed(state, c, (training ? 6.0 : 2.0) * static_cast<double>(c.batch * n * m), [&] {
    const auto y = ranklens::base::linear(x, w);
    if (training) torch::autograd::grad({y}, {x, w}, {dy});
  });
}

const bool kRegistered = [] {
  for (const auto& c : kCases) {
    for (const bool training : {false, true}) {
      const std::string what = std::string(c.name) + (training ? "/training" : "/forward");
      benchmark::RegisterBenchmark(("dense/" + what).c_str(), [&c,
                                                               training](benchmark::State& state) {
        dense_linear(state, c, training);
      })->Unit(benchmark::kMillisecond);
      for (const auto keep : {KeepStates::low_memory, KeepStates::fast}) {
        if (!training && keep == KeepStates::fast) continue;
        const std::string name = keep == KeepStates::fast ? "train_fast/" : "train_low_memory/";
        benchmark::RegisterBenchmark((name + what).c_str(), [&c, training,
                                                             keep](benchmark::State& state) {
          train_linear(state, c, training, keep);
        })->Unit(benchmark::kMillisecond);
      }
      std::size_t number = 0;
      for (const auto& schedule : alternatives(c, training)) {
        const auto name = "train_alternative/" + what + "/" + std::to_string(number++);
        benchmark::RegisterBenchmark(name.c_str(), [&c, training,
                                                    schedule](benchmark::State& state) {
          train_linear(state, c, training, KeepStates::fast, schedule);
        })->Unit(benchmark::kMillisecond);
      }
    }
  }
  return true;
}();

}  // namespace
