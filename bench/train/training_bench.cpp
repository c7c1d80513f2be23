// Whole training steps of the paper's CNN: batch 512, Adam, dropout, 32x32 grey images; and what
// its convolutions alone take through libtorch's operators.
#include <algorithm>
#include <ctime>

#include <ATen/ops/convolution.h>
#include <ATen/ops/convolution_backward.h>
#include <benchmark/benchmark.h>

#include "ranklens/base/random.h"
#include "ranklens/base/threads.h"
#include "ranklens/nn/fused/winograd.h"
#include "ranklens/nn/kernels/table.h"
#include "ranklens/nn/zoo/zoo.h"
#include "ranklens/optim/optimiser.h"
#include "ranklens/train/batch_objective.h"

namespace {

using namespace ranklens;

constexpr std::int64_t images = 512;
using Execution = train::Execution;
constexpr Execution float32{}, channels_first{.channels_last = false};
constexpr Execution bfloat16{.compute = train::Compute::bfloat16};

/// Times `step` and reports images a second, by the clock and by the processor time of the step
/// that took least: on one thread a figure that other programs disturb little.
template <class Step>
void measure(benchmark::State& run, const Step& step) {
  step();  // sets kernels and memory up
  double best = 0;
  for (auto _ : run) {
    const auto begin = std::clock();
    step();
    const auto seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    best = std::max(best, images / seconds);
  }
  run.counters["rate"] = benchmark::Counter(images, benchmark::Counter::kIsIterationInvariantRate);
  run.counters["processor_rate"] = best;
}

/// How much of a step our kernels do: all they can, all but convolutions, or nothing.
enum class Kernels { all, direct, none };

void training(benchmark::State& run, Execution execution, Kernels ours) {
  using nn::fused::Convolutions;
  base::keep_freed_memory();
  nn::fused::set_convolutions(ours == Kernels::all ? Convolutions::winograd : Convolutions::direct);
  const auto* kernels = nn::kernels::table();
  if (ours == Kernels::none) nn::kernels::use(nullptr);
  const auto network = nn::zoo::cnn_dense({});
  auto state = train::laid_out(network.state, execution);
  base::Stream noise(0, "noise");
  data::Batch batch;
  batch.images = noise.uniform({images, 1, 32, 32}, 0, 1);
  batch.labels = noise.integers({images}, 10);
  const auto optimiser = optim::make_optimiser("adam");
  const base::Stream random(0, "dropout");
  measure(run, [&] {
    train::BatchObjective objective(network.graph, batch, random, {.execution = execution});
    optimiser->step(state, objective, 1e-3);
    state.apply(objective.change());
  });
  nn::kernels::use(kernels);
}

/// One convolution of the network: values, weights and the gradient of what comes out.
struct Layer {
  Layer(std::int64_t in, std::int64_t out, std::int64_t size, at::ScalarType type) {
    base::Stream noise(0, "noise");
    const auto draw = [&](at::IntArrayRef sizes) {
      return noise.normal(sizes).to(type).contiguous(at::MemoryFormat::ChannelsLast);
    };
    x = draw({images, in, size, size});
    weight = draw({out, in, 3, 3}).clone(at::MemoryFormat::ChannelsLast);
    bias = noise.normal({out}).to(type);
    gradient = draw({images, out, size, size});
  }
  void both_ways() const {
    at::convolution(x, weight, bias, {1, 1}, {1, 1}, {1, 1}, false, {0, 0}, 1);
    const bool input_wanted = x.size(1) > 1;  // images need no gradient
    at::convolution_backward(gradient, x, weight, at::OptionalIntArrayRef({weight.size(0)}), {1, 1},
                             {1, 1}, {1, 1}, false, {0, 0}, 1, {input_wanted, true, true});
  }
  at::Tensor x, weight, bias, gradient;
};

void bare_convolutions(benchmark::State& run, at::ScalarType type) {
  base::keep_freed_memory();
  const Layer layers[] = {{1, 32, 32, type},  {32, 32, 32, type}, {32, 64, 16, type},
                          {64, 64, 16, type}, {64, 128, 8, type}, {128, 128, 8, type}};
  measure(run, [&] {
    for (const auto& layer : layers) layer.both_ways();
  });
}

BENCHMARK_CAPTURE(training, float32, float32, Kernels::all)->Iterations(6)->UseRealTime();
BENCHMARK_CAPTURE(training, float32_direct, float32, Kernels::direct)->Iterations(6)->UseRealTime();
BENCHMARK_CAPTURE(training, float32_unfused, float32, Kernels::none)->Iterations(6)->UseRealTime();
BENCHMARK_CAPTURE(training, float32_nchw, channels_first, Kernels::none)
    ->Iterations(3)
    ->UseRealTime();
BENCHMARK_CAPTURE(training, bfloat16, bfloat16, Kernels::all)->Iterations(6)->UseRealTime();
BENCHMARK_CAPTURE(training, bfloat16_direct, bfloat16, Kernels::direct)
    ->Iterations(6)
    ->UseRealTime();
BENCHMARK_CAPTURE(training, bfloat16_unfused, bfloat16, Kernels::none)
    ->Iterations(6)
    ->UseRealTime();
BENCHMARK_CAPTURE(bare_convolutions, float32, at::kFloat)->Iterations(6)->UseRealTime();
BENCHMARK_CAPTURE(bare_convolutions, bfloat16, at::kBFloat16)->Iterations(6)->UseRealTime();

}  // namespace
