#include <benchmark/benchmark.h>

#include "ranklens/data/loader.h"
#include "ranklens/data/scenes.h"

namespace ranklens::data {
namespace {

// Images a second of one worker; training takes thousands at most.
void BM_Loader(benchmark::State& state, const Augment& augment) {
  const Dataset data = make_scenes({.count = 4096});
  Loader loader(data, {.batch = 128, .channels_last = state.range(0) != 0, .augment = augment});
  for (auto _ : state) benchmark::DoNotOptimize(loader.next());
  state.SetItemsProcessed(128 * state.iterations());
}
BENCHMARK_CAPTURE(BM_Loader, plain, Augment{})->Arg(0)->Arg(1)->UseRealTime();
BENCHMARK_CAPTURE(BM_Loader, crop_flip, (Augment{.crop = 4, .flip = true}))
    ->Arg(0)
    ->Arg(1)
    ->UseRealTime();
BENCHMARK_CAPTURE(
    BM_Loader, all,
    (Augment{.crop = 4, .flip = true, .brightness = 0.2, .contrast = 0.2, .saturation = 0.2}))
    ->Arg(0)
    ->Arg(1)
    ->UseRealTime();

void BM_Scenes(benchmark::State& state) {
  SceneOptions options{.count = 256, .size = static_cast<int>(state.range(0))};
  for (auto _ : state) {
    benchmark::DoNotOptimize(make_scenes(options));
    ++options.seed;
  }
  state.SetItemsProcessed(options.count * state.iterations());
}
BENCHMARK(BM_Scenes)->Arg(32)->Arg(64)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ranklens::data
