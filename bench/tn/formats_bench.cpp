#include <ATen/TensorOperators.h>
#include <ATen/ops/std.h>
#include <benchmark/benchmark.h>
#include <c10/core/GradMode.h>

#include "ranklens/base/random.h"
#include "ranklens/base/threads.h"
#include "ranklens/tn/formats/cp_als.h"
#include "ranklens/tn/formats/hooi.h"
#include "ranklens/tn/formats/hosvd.h"

#include "inputs.h"

namespace {

using namespace ranklens;

// As the program does; peers get the same by MALLOC_MMAP_THRESHOLD_ and MALLOC_TRIM_THRESHOLD_.
const bool freed_memory_is_kept = base::keep_freed_memory();

at::Tensor drawn(at::IntArrayRef sizes, const char* name) {
  return base::Stream(1, "data", name).normal(sizes, 0, 1, at::kDouble);
}

// Multilinear rank 20 and noise of a hundredth, float64.
at::Tensor tucker_tensor() {
  if (inputs::given("tucker_200")) return inputs::read("tucker_200");
  tn::Tucker tucker{drawn({20, 20, 20}, "core"), {}};
  for (const auto* name : {"0", "1", "2"}) tucker.factors.push_back(drawn({200, 20}, name));
  const auto exact = tn::full(tucker);
  return exact + drawn({200, 200, 200}, "noise") * (0.01 * exact.std().item<double>());
}

void st_hosvd_200_r20(benchmark::State& state) {
  const c10::NoGradGuard no_gradients;
  const auto tensor = tucker_tensor();
  for (auto _ : state) {
    const auto found = tn::st_hosvd(tensor, {.bounds = {.ranks = {20, 20, 20}}});
    state.counters["error"] = found.relative_error;
  }
}
BENCHMARK(st_hosvd_200_r20)->Unit(benchmark::kMillisecond);

void hooi_200_r20_10_sweeps(benchmark::State& state) {
  const c10::NoGradGuard no_gradients;
  const auto tensor = tucker_tensor();
  for (auto _ : state) {
    const auto found = tn::hooi(tensor, {.ranks = {20, 20, 20}, .max_sweeps = 10, .tolerance = 0});
    state.counters["error"] = found.relative_error;
  }
}
BENCHMARK(hooi_200_r20_10_sweeps)->Unit(benchmark::kMillisecond);

// Random entries, as where convergence is slowest; the counter is what a sweep takes.
void cp_als_50_sweeps(benchmark::State& state, const std::string& name,
                      const std::vector<std::int64_t>& sizes) {
  const c10::NoGradGuard no_gradients;
  const auto tensor = inputs::given_or("cp_" + name, [&] { return drawn(sizes, "cp"); });
  constexpr std::int64_t sweeps = 50;
  for (auto _ : state) {
    const auto found = tn::cp_als(tensor, {.rank = 10, .max_sweeps = sweeps, .tolerance = 0});
    state.counters["fit"] = found.fits.back();
  }
  state.counters["s_per_sweep"] = benchmark::Counter(
      static_cast<double>(sweeps),
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK_CAPTURE(cp_als_50_sweeps, 100x100x100_r10, "100x100x100", {100, 100, 100})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(cp_als_50_sweeps, 20x30x40x50_r10, "20x30x40x50", {20, 30, 40, 50})
    ->Unit(benchmark::kMillisecond);

}  // namespace
