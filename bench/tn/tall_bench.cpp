// Products of matrices with many rows and few columns beside libtorch's, by turns, on one thread:
// `over_mm` is the median of the ratios, the pixels are those of LeNet5 and ResNet-20 on a batch.
#include <algorithm>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/rand.h>
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "ranklens/base/clock.h"
#include "ranklens/base/threads.h"
#include "ranklens/tn/linalg/tall.h"

namespace {

using namespace ranklens;

struct TallSize {
  std::int64_t rows, left, right;
};

constexpr TallSize kTallSizes[] = {{73728, 20, 10}, {73728, 20, 20}, {8192, 50, 25},
                                   {131072, 16, 8}, {32768, 32, 16}, {8192, 64, 32},
                                   {5120, 32, 32}};

template <class Ours, class Theirs>
void compare(benchmark::State& state, const Ours& ours, const Theirs& theirs) {
  const at::NoGradGuard no_gradients;
  base::set_threads(1);
  benchmark::DoNotOptimize(ours());
  benchmark::DoNotOptimize(theirs());
  std::vector<double> ratios;
  for (auto _ : state) {
    const base::Stopwatch watch;
    benchmark::DoNotOptimize(ours());
    const double seconds = watch.seconds();
    state.SetIterationTime(seconds);
    const base::Stopwatch other;
    benchmark::DoNotOptimize(theirs());
    ratios.push_back(seconds / other.seconds());
  }
  const auto middle = ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() / 2);
  std::nth_element(ratios.begin(), middle, ratios.end());
  state.counters["over_mm"] = *middle;
}

const bool kTallAdded = [] {
  for (const auto& [rows, left, right] : kTallSizes) {
    const auto name = fmt::format("{}x{}x{}", rows, left, right);
    const auto a = at::rand({rows, left}), b = at::rand({rows, right}), m = at::rand({left, right});
    const auto add = [](const std::string& what, const auto& ours, const auto& theirs) {
      benchmark::RegisterBenchmark(what.c_str(),
                                   [=](benchmark::State& state) { compare(state, ours, theirs); })
          ->UseManualTime()
          ->Iterations(30)
          ->Unit(benchmark::kMicrosecond);
    };
    add("tall_gram/" + name, [=] { return tn::tall_gram(a, b); }, [=] { return at::mm(a.t(), b); });
    add("tall_times/" + name, [=] { return tn::tall_times(a, m); }, [=] { return at::mm(a, m); });
  }
  return true;
}();

}  // namespace
