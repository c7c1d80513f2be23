// The leading eigenvectors of a Gram matrix by subspace iteration beside all of them, by turns, on
// one thread, where the iteration finds them: `all_us` are the microseconds of all (medians), and
// rounding takes the cheaper way by rank (tn::kernels::by_gram()).
#include <algorithm>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/mm.h>
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "ranklens/base/clock.h"
#include "ranklens/base/error.h"
#include "ranklens/base/random.h"
#include "ranklens/base/threads.h"
#include "ranklens/tn/linalg/factorise.h"
#include "ranklens/tn/linalg/kernels.h"

namespace {

using namespace ranklens;

/// `rank` eigenvalues from 1 to 1/100, and a millionth of that for all others.
at::Tensor with_a_gap(std::int64_t n, std::int64_t rank) {
  base::Stream stream(1, "noise", "eigenvectors");
  const auto basis = tn::qr(stream.normal({n, n}, 0, 1, at::kDouble)).q;
  auto values = at::full({n}, 1e-8, at::kDouble);
  values.narrow(0, 0, rank).copy_(at::linspace(1, 0.01, rank, at::kDouble));
  return at::mm(basis * values, basis.t());
}

void leading_eigenvectors(benchmark::State& state, std::int64_t n, std::int64_t rank) {
  base::set_threads(1);
  const auto gram = with_a_gap(n, rank);
  base::require(tn::kernels::leading(gram, rank).has_value(), "the iteration found nothing");
  std::vector<double> all;
  for (auto _ : state) {
    const base::Stopwatch watch;
    benchmark::DoNotOptimize(tn::kernels::leading(gram, rank));
    state.SetIterationTime(watch.seconds());
    const base::Stopwatch other;
    benchmark::DoNotOptimize(tn::kernels::eigen(gram));
    all.push_back(1e6 * other.seconds());
  }
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
  std::nth_element(all.begin(), middle, all.end());
  state.counters["all_us"] = *middle;
}

const bool kEigenvectorsAdded = [] {
  for (const std::int64_t n : {32, 64, 128, 256}) {
    for (const std::int64_t part : {8, 4, 3, 2}) {
      benchmark::RegisterBenchmark(
          fmt::format("eigenvectors/{}/{}", n, n / part).c_str(),
          [=](benchmark::State& state) { leading_eigenvectors(state, n, n / part); })
          ->UseManualTime()
          ->Unit(benchmark::kMicrosecond);
    }
  }
  return true;
}();

}  // namespace
