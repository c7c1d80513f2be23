#include <ATen/ops/randn.h>
#include <benchmark/benchmark.h>
#include <c10/core/GradMode.h>

#include "ranklens/base/product.h"

namespace {

using namespace ranklens;

// A dense layer's forward: `features` to `features`, by libtorch's kernel or by the one in use.
void dense(benchmark::State& state, base::ProductKernel kernel) {
  const c10::NoGradGuard no_gradients;
  base::set_product_kernel(kernel);
  const auto features = state.range(0);
  const auto x = at::randn({features, features});
  const auto weight = at::randn({features, features});
  for (auto _ : state) benchmark::DoNotOptimize(base::linear(x, weight).const_data_ptr<float>());
  state.counters["rate"] = benchmark::Counter(1, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["gflops"] =
      benchmark::Counter(2e-9 * static_cast<double>(features * features * features),
                         benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK_CAPTURE(dense, libtorch, base::ProductKernel::libtorch)
    ->Arg(256)
    ->Arg(1024)
    ->UseRealTime();
BENCHMARK_CAPTURE(dense, onednn, base::ProductKernel::onednn)->Arg(256)->Arg(1024)->UseRealTime();

void dense_chosen(benchmark::State& state) {
  dense(state, base::kernel_for(base::this_processor()));
}
BENCHMARK(dense_chosen)->Arg(256)->Arg(1024)->UseRealTime();

}  // namespace
