// The MPS classifier (Stoudenmire, Schwab 2016) at the sizes of the TensorKrowch and TorchMPS
// workload; bench/peers holds peers' side. Processor time of one thread.

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/stack.h>
#include <benchmark/benchmark.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/base/threads.h"
#include "ranklens/tn/linear/mps_classifier.h"

namespace {

struct Case {
  const char* name;
  std::int64_t sites, bond, batch;
};

const Case kCases[] = {{"196_D10_b100", 196, 10, 100},
                       {"784_D10_b100", 784, 10, 100},
                       {"196_D32_b100", 196, 32, 100},
                       {"1024_D32_b256", 1024, 32, 256}};
constexpr std::int64_t kClasses = 10, kFeatures = 2;

std::vector<at::Tensor> cores_of(const Case& c, bool training) {
  std::vector<at::Tensor> cores;
  const auto label = c.sites / 2;
  for (std::int64_t k = 0; k <= c.sites; ++k) {
    const auto left = k == 0 ? 1 : c.bond, right = k == c.sites ? 1 : c.bond;
    const auto identity = at::eye(left, right).unsqueeze(1) / std::sqrt(2.0);
    const auto noise = at::randn({left, k == label ? kClasses : kFeatures, right}) * 1e-2;
    cores.push_back((identity + noise).contiguous().requires_grad_(training));
  }
  return cores;
}

void mps_classifier(benchmark::State& state, const Case& c, bool training) {
  const ranklens::base::ThreadScope one(1);
  const auto x = at::rand({c.batch, c.sites}) * (0.5 * 3.14159265358979323846);
  auto inputs = cores_of(c, training);
  const auto cores = inputs;
  inputs.push_back(at::stack({x.cos(), x.sin()}, 2).requires_grad_(training));
  const at::Tensor dy = at::randn({c.batch, kClasses});
  const at::AutoGradMode mode(training);
  const auto run = [&] {
    const auto y = ranklens::tn::unscaled(
        ranklens::tn::mps_classifier(inputs.back(), cores, static_cast<std::size_t>(c.sites / 2)));
    if (training) torch::autograd::grad({y}, inputs, {dy});
  };
  for (int warm = 0; warm < 3; ++warm) run();
  for ([[maybe_unused]] auto step : state) run();
  const double once = 2e-9 * static_cast<double>(c.batch * c.sites * kFeatures * c.bond * c.bond);
  state.counters["GF/s"] =
      benchmark::Counter((training ? 3 : 1) * once * static_cast<double>(state.iterations()),
                         benchmark::Counter::kIsRate);
}

const bool kMPSRegistered = [] {
  for (const auto& c : kCases) {
    for (const bool training : {false, true}) {
      const std::string name =
          std::string("mps_classifier/") + c.name + (training ? "/training" : "/forward");
      benchmark::RegisterBenchmark(name.c_str(), [&c, training](benchmark::State& state) {
        mps_classifier(state, c, training);
      })->Unit(benchmark::kMillisecond);
    }
  }
  return true;
}();

}  // namespace
