// The two sums over the samples that sweeps of the MPS classifier are made of, for ten classes and
// two numbers a site. Processor time of one thread; GF/s of what is computed, `share` of what it
// would be without black pixels, and a product of matrices of the same size beside them.

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <benchmark/benchmark.h>

#include "ranklens/base/threads.h"
#include "ranklens/optim/dmrg/local_problem.h"

namespace {

namespace optim = ranklens::optim;

constexpr std::int64_t kSamples = 4000, kClasses = 10;

optim::LocalProblem problem_of(std::int64_t bond, double black) {
  const auto side = [&] {
    return optim::Side{at::rand({kSamples, bond}), at::zeros({kSamples}, at::kDouble)};
  };
  const auto feature = [&] {
    const auto x = at::rand({kSamples}) * (at::rand({kSamples}) >= black);
    return at::stack({1 - x, x}, 1);
  };
  return {side(), feature(), feature(), side(), at::rand({kSamples, kClasses}), 0};
}

void sums(benchmark::State& state, std::int64_t bond, double black, bool adjoint) {
  const ranklens::base::ThreadScope one(1);
  const at::NoGradGuard no_gradients;
  const auto local = problem_of(bond, black);
  const auto pair = at::randn({bond, 2, kClasses, 2, bond});
  for ([[maybe_unused]] auto step : state) {
    benchmark::DoNotOptimize(adjoint ? local.adjoint(local.targets()) : local.values(pair));
  }
  const double whole = 2. * kSamples * static_cast<double>(4 * bond * bond * kClasses);
  state.counters["GF/s"] =
      benchmark::Counter(1e-9 * local.operations() * static_cast<double>(state.iterations()),
                         benchmark::Counter::kIsRate);
  state.counters["share"] = local.operations() / whole;
}

void product(benchmark::State& state, std::int64_t bond) {
  const ranklens::base::ThreadScope one(1);
  const at::NoGradGuard no_gradients;
  const auto a = at::rand({kSamples, 2 * bond}), b = at::rand({2 * bond, 2 * bond * kClasses});
  for ([[maybe_unused]] auto step : state) benchmark::DoNotOptimize(at::matmul(a, b));
  state.counters["GF/s"] =
      benchmark::Counter(2e-9 * kSamples * static_cast<double>(4 * bond * bond * kClasses) *
                             static_cast<double>(state.iterations()),
                         benchmark::Counter::kIsRate);
}

[[maybe_unused]] const bool registered = [] {
  for (const std::int64_t bond : {10, 20, 120}) {
    const auto name = "dmrg/bond_" + std::to_string(bond);
    for (const double black : {0., 0.75}) {
      const auto full = name + (black > 0 ? "_black" : "");
      benchmark::RegisterBenchmark((full + "/values").c_str(), sums, bond, black, false);
      benchmark::RegisterBenchmark((full + "/adjoint").c_str(), sums, bond, black, true);
    }
    benchmark::RegisterBenchmark((name + "/product").c_str(), product, bond);
  }
  return true;
}();

}  // namespace
