#include <ATen/TensorOperators.h>
#include <benchmark/benchmark.h>

#include "ranklens/base/random.h"
#include "ranklens/metrics/registry.h"

namespace {

using namespace ranklens;

constexpr std::int64_t kMaps = 1000;

// Every metric that needs no network, on 28x28 maps: `maps` a second.
void measure(benchmark::State& state) {
  base::Stream stream(1, "noise");
  const metrics::Subject subject{.maps = stream.uniform({kMaps, 28, 28}, 0, 1),
                                 .masks = stream.uniform({kMaps, 28, 28}, 0, 1).lt(0.2),
                                 .others = stream.uniform({kMaps, 28, 28}, 0, 1)};
  const metrics::Metric& metric =
      *metrics::applicable(subject)[static_cast<std::size_t>(state.range(0))];
  state.SetLabel(std::string(metric.name));
  for (auto _ : state) benchmark::DoNotOptimize(metrics::measure(metric, subject));
  state.counters["maps"] =
      benchmark::Counter(static_cast<double>(kMaps), benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(measure)->DenseRange(0, 13);

}  // namespace
