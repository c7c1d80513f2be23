// Whole training steps of the paper's CNN: batch 512, Adam, dropout, 32x32 grey images.
#include <algorithm>
#include <ctime>

#include <benchmark/benchmark.h>

#include "ranklens/base/random.h"
#include "ranklens/base/threads.h"
#include "ranklens/nn/zoo/zoo.h"
#include "ranklens/optim/optimiser.h"
#include "ranklens/train/batch_objective.h"

namespace {

using namespace ranklens;

void training(benchmark::State& run, train::Execution execution) {
  base::keep_freed_memory();
  constexpr std::int64_t images = 512;
  const auto network = nn::zoo::cnn_dense({});
  auto state = train::laid_out(network.state, execution);
  base::Stream noise(0, "noise");
  data::Batch batch;
  batch.images = noise.uniform({images, 1, 32, 32}, 0, 1);
  batch.labels = noise.integers({images}, 10);
  const auto optimiser = optim::make_optimiser("adam");
  const base::Stream random(0, "dropout");
  const auto step = [&] {
    train::BatchObjective objective(network.graph, batch, random, {.execution = execution});
    optimiser->step(state, objective, 1e-3);
    state.apply(objective.change());
  };
  step();  // sets kernels and memory up
  double best = 0;
  for (auto _ : run) {
    const auto begin = std::clock();
    step();
    const auto seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    best = std::max(best, images / seconds);
  }
  // Of the step that took least processor time: on one thread a figure that other programs disturb
  // little.
  run.counters["rate_by_processor_time"] = best;
  run.counters["rate"] = benchmark::Counter(images, benchmark::Counter::kIsIterationInvariantRate);
}

constexpr train::Execution nchw{.channels_last = false}, channels_last{};
constexpr train::Execution bfloat16{.compute = train::Compute::bfloat16};

BENCHMARK_CAPTURE(training, float32_nchw, nchw)
    ->Unit(benchmark::kMillisecond)
    ->MinTime(4)
    ->MeasureProcessCPUTime()
    ->UseRealTime();
BENCHMARK_CAPTURE(training, float32, channels_last)
    ->Unit(benchmark::kMillisecond)
    ->MinTime(4)
    ->MeasureProcessCPUTime()
    ->UseRealTime();
BENCHMARK_CAPTURE(training, bfloat16, bfloat16)
    ->Unit(benchmark::kMillisecond)
    ->MinTime(4)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

}  // namespace
