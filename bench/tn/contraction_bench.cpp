#include <cstdlib>
#include <filesystem>
#include <memory>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/zeros_like.h>
#include <benchmark/benchmark.h>

#include "ranklens/base/clock.h"
#include "ranklens/base/threads.h"
#include "ranklens/tn/contraction/execute.h"
#include "ranklens/tn/contraction/problem.h"
#include "ranklens/tn/contraction/program.h"

#include "inputs.h"

// Networks of $RANKLENS_DATA/contraction/instances (tensor4all's benchmark) by the paths that they
// bring, float64, one thread: a Program that is kept, laying one out, and both together.
namespace {

using namespace ranklens;

std::vector<at::Tensor> operands_of(const std::string& name, const tn::Expression& expression) {
  std::vector<at::Tensor> operands;
  for (std::size_t k = 0; k < expression.inputs.size(); ++k) {
    operands.push_back(inputs::given_or(name + "." + std::to_string(k), [&] {
      return at::rand(expression.shape_of(expression.inputs[k]), at::kDouble);
    }));
  }
  return operands;
}

void run_kept(benchmark::State& state, const std::string& name, const tn::Problem& problem) {
  const at::NoGradGuard no_gradients;
  base::set_threads(1);
  const auto operands = operands_of(name, problem.expression);
  const tn::Program program(problem.expression, problem.paths.at("opt_flops").path);
  tn::Workspace workspace;
  const auto result = program(operands, workspace);
  inputs::give_back(name + ".result", result);
  // A first touch of memory can cost many times the work (half a second for a result of 134 MB
  // where the host of a virtual machine has to find the pages, against 10 ms), and glibc, which
  // asks for more than an aligned block to align it in, takes a freed one again only once its
  // neighbours are free as well: after a dozen results.
  for (int k = 0; k < 24; ++k) benchmark::DoNotOptimize(at::zeros_like(result));
  const base::Stopwatch warming;
  for (int call = 0; call < 2 || warming.seconds() < 0.3; ++call) {
    benchmark::DoNotOptimize(program(operands, workspace));
  }
  for (auto _ : state) benchmark::DoNotOptimize(program(operands, workspace));
  state.counters["workspace_MB"] = 1e-6 * static_cast<double>(program.workspace_bytes(at::kDouble));
}

void lay_out(benchmark::State& state, const tn::Problem& problem) {
  for (auto _ : state) {
    const tn::Program program(problem.expression, problem.paths.at("opt_flops").path);
    benchmark::DoNotOptimize(program.workspace_bytes(at::kDouble));  // compiles the steps
  }
}

void run_once(benchmark::State& state, const std::string& name, const tn::Problem& problem) {
  const at::NoGradGuard no_gradients;
  base::set_threads(1);
  const auto operands = operands_of(name, problem.expression);
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        tn::execute(problem.expression, problem.paths.at("opt_flops").path, operands));
  }
}

const bool kContractionsRegistered = [] {
  const char* place = std::getenv("RANKLENS_DATA");
  if (place == nullptr) return false;
  const auto folder = std::filesystem::path(place) / "contraction/instances";
  if (!std::filesystem::exists(folder)) return false;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().extension() != ".json") continue;
    const auto name = file.path().stem().string();
    const auto problem = std::make_shared<tn::Problem>(tn::read_problem(file.path()));
    const auto add = [&](const std::string& kind, auto&& run) {
      benchmark::RegisterBenchmark((kind + "/" + name).c_str(), run)->Unit(benchmark::kMillisecond);
    };
    add("contraction", [=](benchmark::State& state) { run_kept(state, name, *problem); });
    add("contraction_layout", [=](benchmark::State& state) { lay_out(state, *problem); });
    add("contraction_once", [=](benchmark::State& state) { run_once(state, name, *problem); });
  }
  return true;
}();

}  // namespace
