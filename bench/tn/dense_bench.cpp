// Dense work beside PyTorch's: a linear layer in float32, and products of matrices in float64 as
// `tn` computes them (a contraction of two tensors). bench/peers/dense.py holds both against torch.
#include <string>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros_like.h>
#include <benchmark/benchmark.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/base/product.h"
#include "ranklens/base/threads.h"
#include "ranklens/tn/contraction/expression.h"
#include "ranklens/tn/contraction/program.h"

#include "inputs.h"

namespace {

using namespace ranklens;

struct DenseCase {
  std::int64_t in, out, batch;

  std::string name() const {
    return std::to_string(in) + "to" + std::to_string(out) + "_b" + std::to_string(batch);
  }
  double operations() const { return 2.0 * static_cast<double>(in * out * batch); }
};

const DenseCase kDense[] = {
    {784, 512, 100}, {1024, 1024, 128}, {1024, 1024, 1024}, {4096, 4096, 256}};

void rate(benchmark::State& state, double operations) {
  state.counters["GF/s"] = benchmark::Counter(
      operations * 1e-9 * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

/// A first touch of memory costs more than the work, and glibc takes a freed block of that size
/// again only once its neighbours are free as well (contraction_bench.cpp).
void touch_memory(const at::Tensor& like) {
  for (int k = 0; k < 24; ++k) benchmark::DoNotOptimize(at::zeros_like(like));
}

void dense_layer(benchmark::State& state, const DenseCase& c, bool training) {
  base::set_threads(1);
  const auto name = "dense." + c.name();
  const at::Tensor w = inputs::given_or(name + ".w", [&] { return at::randn({c.out, c.in}); }),
                   x = inputs::given_or(name + ".x", [&] { return at::randn({c.batch, c.in}); }),
                   dy = inputs::given_or(name + ".dy", [&] { return at::randn({c.batch, c.out}); }),
                   bias = inputs::given_or(name + ".bias", [&] { return at::randn({c.out}); });
  const std::vector<at::Tensor> watched{x.requires_grad_(training), w.requires_grad_(training),
                                        bias.requires_grad_(training)};
  const at::AutoGradMode mode(training);
  inputs::give_back(name + ".y", base::linear(x, w, bias).detach());
  const auto run = [&] {
    const auto y = base::linear(x, w, bias);
    if (training) torch::autograd::grad({y}, watched, {dy});
    benchmark::DoNotOptimize(y.const_data_ptr<float>());
  };
  if (training) touch_memory(w.detach());
  touch_memory(dy);
  for (int warm = 0; warm < 3; ++warm) run();
  for (auto _ : state) run();
  rate(state, (training ? 3 : 1) * c.operations());
}

void product_f64(benchmark::State& state, const DenseCase& c) {
  base::set_threads(1);
  const at::NoGradGuard no_gradients;
  const auto name = "product." + c.name();
  const auto a = inputs::given_or(name + ".a",
                                  [&] { return at::randn({c.batch, c.in}, at::kDouble); }),
             b = inputs::given_or(name + ".b",
                                  [&] { return at::randn({c.in, c.out}, at::kDouble); });
  const auto expression = tn::make_expression("ab,bc->ac", {{c.batch, c.in}, {c.in, c.out}});
  const tn::Program program(expression, {{0, 1}});
  tn::Workspace workspace;
  const auto result = program({a, b}, workspace);
  inputs::give_back(name + ".c", result);
  touch_memory(result);
  for (auto _ : state) benchmark::DoNotOptimize(program({a, b}, workspace));
  rate(state, c.operations());
}

const DenseCase kProducts[] = {{256, 256, 256}, {1024, 1024, 1024}, {64, 1024, 1024}};

const bool kDenseRegistered = [] {
  for (const auto& c : kDense) {
    for (const bool training : {false, true}) {
      const auto name = "dense_layer/" + c.name() + (training ? "/training" : "/forward");
      benchmark::RegisterBenchmark(name.c_str(), [&c, training](benchmark::State& state) {
        dense_layer(state, c, training);
      })->Unit(benchmark::kMillisecond);
    }
  }
  for (const auto& c : kProducts) {
    benchmark::RegisterBenchmark(("product_f64/" + c.name()).c_str(), [&c](
                                                                          benchmark::State& state) {
      product_f64(state, c);
    })->Unit(benchmark::kMillisecond);
  }
  return true;
}();

}  // namespace
