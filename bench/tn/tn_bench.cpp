#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <benchmark/benchmark.h>

#include "ranklens/base/threads.h"
#include "ranklens/tn/train/algebra.h"
#include "ranklens/tn/train/make.h"
#include "ranklens/tn/train/round.h"

#include "inputs.h"

// Processor time, one thread, float64; the counter `error` is relative to what was decomposed.
namespace {

using namespace ranklens;
using tn::Shape;

double distance(const at::Tensor& a, const at::Tensor& b) {
  return (at::linalg_vector_norm(a - b) / at::linalg_vector_norm(b)).item<double>();
}

/// A tensor of these ranks with noise of relative norm 1e-6.
at::Tensor noisy(const Shape& shape, std::int64_t rank) {
  base::Stream stream(1, "init");
  const auto signal = tn::full(tn::random(stream, shape, {.ranks = {rank}}));
  const auto noise = at::randn(shape, at::kDouble);
  return signal +
         noise *
             (1e-6 * at::linalg_vector_norm(signal) / at::linalg_vector_norm(noise)).item<double>();
}

/// 1 / (1 + |x|^2) on a grid of the unit cube: ranks fall fast.
at::Tensor smooth(std::int64_t n, std::int64_t d) {
  auto sum = at::zeros(Shape(static_cast<std::size_t>(d), 1), at::kDouble);
  for (std::int64_t k = 0; k < d; ++k) {
    Shape sizes(static_cast<std::size_t>(d), 1);
    sizes[static_cast<std::size_t>(k)] = n;
    const auto axis = at::arange(n, at::kDouble) / static_cast<double>(n - 1);
    sum = sum + (axis * axis).reshape(sizes);
  }
  return 1 / (1 + sum);
}

void decompose(benchmark::State& state, const at::Tensor& a, const tn::Closeness& closeness) {
  const at::NoGradGuard no_gradients;
  base::set_threads(1);
  tn::Approximation found;
  for (auto _ : state) found = tn::decompose(a, closeness);
  state.counters["error"] = distance(tn::full(found.train), a);
  state.counters["stated"] = found.error;
}

void tt_svd_32_4(benchmark::State& state) {
  decompose(state, inputs::given_or("tt_svd_32_4", [] { return noisy(Shape(4, 32), 16); }),
            {.ranks = {16}});
}
void tt_svd_smooth_20_5(benchmark::State& state) {
  decompose(state, inputs::given_or("tt_svd_smooth_20_5", [] { return smooth(20, 5); }),
            {.eps = 1e-3});
}
void tt_svd_2_20(benchmark::State& state) {
  decompose(state, inputs::given_or("tt_svd_2_20", [] { return noisy(Shape(20, 2), 32); }),
            {.ranks = {32}});
}
void tt_svd_10_6(benchmark::State& state) {
  decompose(state, noisy(Shape(6, 10), 20), {.ranks = {20}});
}
BENCHMARK(tt_svd_32_4)->Unit(benchmark::kMillisecond);
BENCHMARK(tt_svd_smooth_20_5)->Unit(benchmark::kMillisecond);
BENCHMARK(tt_svd_2_20)->Unit(benchmark::kMillisecond);
BENCHMARK(tt_svd_10_6)->Unit(benchmark::kMillisecond);

struct RoundingCase {
  std::int64_t d, n, from, to;
};
constexpr RoundingCase kRoundings[] = {{10, 10, 100, 10}, {30, 2, 128, 64}, {8, 16, 64, 32}};

/// d modes of n, ranks `from`: a signal of ranks `to` and noise of relative norm 1e-6.
tn::TensorTrain train_to_round(std::int64_t number) {
  const auto& c = kRoundings[number];
  const auto name = "rounding_" + std::to_string(number) + ".";
  if (inputs::given(name + "0")) {
    tn::TensorTrain train;
    for (std::int64_t k = 0; k < c.d; ++k) {
      train.cores.push_back(inputs::read(name + std::to_string(k)));
    }
    return train;
  }
  base::Stream stream(1, "init");
  const Shape shape(static_cast<std::size_t>(c.d), c.n);
  const auto signal = tn::random(stream, shape, {.ranks = {c.to}, .cap_ranks = false});
  const auto noise = tn::random(stream, shape, {.ranks = {c.from - c.to}, .cap_ranks = false});
  return signal + (1e-6 * tn::norm(signal) / tn::norm(noise)) * noise;
}

void rounding(benchmark::State& state, const tn::RoundOptions& options) {
  const at::NoGradGuard no_gradients;
  base::set_threads(1);
  const auto train = train_to_round(state.range(0));
  auto wanted = options;
  wanted.ranks = {kRoundings[state.range(0)].to};
  tn::Approximation found;
  for (auto _ : state) found = tn::round(train, wanted);
  state.counters["error"] = tn::norm(train - found.train) / tn::norm(train);
}

#define ROUNDING(name, ...)                                        \
  BENCHMARK_CAPTURE(rounding, name, tn::RoundOptions{__VA_ARGS__}) \
      ->DenseRange(0, 2)                                           \
      ->Unit(benchmark::kMillisecond)
ROUNDING(qr, .method = tn::RoundMethod::qr);
ROUNDING(gram, .method = tn::RoundMethod::gram);
ROUNDING(randomised, .method = tn::RoundMethod::randomised, .certify = false);
ROUNDING(randomised_narrow, .method = tn::RoundMethod::randomised, .oversampling = 0,
         .certify = false);
ROUNDING(randomised_certified, .method = tn::RoundMethod::randomised);
#undef ROUNDING

}  // namespace
