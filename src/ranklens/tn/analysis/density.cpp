#include "ranklens/tn/analysis/density.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/linalg_eigvalsh.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/analysis/entropy.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/train/sweep.h"

namespace ranklens::tn {
namespace {

at::Tensor of_trace_one(const at::Tensor& density) {
  const auto trace = density.trace();
  base::require(trace.abs().item<double>() > 0, "a tensor of zeros has no density matrix");
  return density / trace;
}

/// Of the middle mode of a centre core: sum over a, b of A[a, i, b] conj(A[a, i', b]).
at::Tensor of_centre(const at::Tensor& core) {
  const auto rows = core.permute({1, 0, 2}).reshape({core.size(1), -1});
  return of_trace_one(at::mm(rows, rows.mH()));
}

void check_mode(const TensorTrain& train, std::int64_t mode) {
  base::require(mode >= 0 && mode < static_cast<std::int64_t>(train.cores.size()),
                "a train of {} modes has no mode {}", train.cores.size(), mode);
}

/// Two modes of a train whose centre is `a`: the modes between are traced out one by one, keeping
/// (i, i') of mode a: [n_a n_a, r, r], r of the ket first.
struct OpenPair {
  at::Tensor state;

  explicit OpenPair(const at::Tensor& core) {
    const auto n = core.size(1), r = core.size(2);
    const auto rows = core.permute({1, 2, 0}).reshape({n * r, -1});
    state = at::mm(rows, rows.mH()).reshape({n, r, n, r}).permute({0, 2, 1, 3});
    state = state.reshape({n * n, r, r});
  }

  /// sum over c, c' of state[., c, c'] core[c, ...] conj(core[c', ...]): [pairs, (j, r), (j', r)].
  at::Tensor applied(const at::Tensor& core) const {
    const auto pairs = state.size(0), c = core.size(0);
    const auto flat = core.reshape({c, -1});
    const auto width = flat.size(1);
    const auto right =
        at::mm(state.reshape({pairs * c, c}), flat.conj()).reshape({pairs, c, width});
    const auto left = right.transpose(1, 2).reshape({pairs * width, c});  // [pairs, bra, c]
    return at::mm(left, flat).reshape({pairs, width, width}).transpose(1, 2);
  }

  void trace_out(const at::Tensor& core) {
    const auto n = core.size(1), r = core.size(2);
    state = applied(core).reshape({-1, n, r, n, r}).diagonal(0, 1, 3).sum(-1);
  }

  at::Tensor close(const at::Tensor& core, std::int64_t n) const {
    const auto m = core.size(1), r = core.size(2);
    const auto pair = applied(core).reshape({n, n, m, r, m, r}).diagonal(0, 3, 5).sum(-1);
    return of_trace_one(pair.permute({0, 2, 1, 3}).reshape({n * m, n * m}));
  }
};

}  // namespace

double entropy(const at::Tensor& density) {
  const auto values = at::linalg_eigvalsh(density.to(widened(density.scalar_type())));
  return von_neumann(values.clamp_min(0));
}

at::Tensor density(const TensorTrain& train, std::int64_t mode) {
  check(train);
  check_mode(train, mode);
  return of_centre(canonical(train, mode).cores[mode]);
}

std::vector<at::Tensor> densities(const TensorTrain& train) {
  std::vector<at::Tensor> result;
  auto work = canonical(train, 0);
  const auto d = static_cast<std::int64_t>(train.cores.size());
  for (std::int64_t k = 0; k < d; ++k) {
    if (k > 0) work = canonical(work, k);
    result.push_back(of_centre(work.cores[k]));
  }
  return result;
}

at::Tensor density(const TensorTrain& train, std::int64_t a, std::int64_t b) {
  check(train);
  check_mode(train, a);
  check_mode(train, b);
  base::require(a < b,
                "the density matrix of two modes needs the first below the second, not {} and {}",
                a, b);
  const auto work = canonical(train, a);
  OpenPair open(work.cores[a]);
  for (auto k = a + 1; k < b; ++k) open.trace_out(work.cores[k]);
  return open.close(work.cores[b], work.cores[a].size(1));
}

double mutual_information(const TensorTrain& train, std::int64_t a, std::int64_t b) {
  const at::NoGradGuard no_gradients;
  return entropy(density(train, a)) + entropy(density(train, b)) - entropy(density(train, a, b));
}

at::Tensor mutual_information(const TensorTrain& train) {
  const at::NoGradGuard no_gradients;
  auto work = canonical(train, 0);
  const auto d = static_cast<std::int64_t>(train.cores.size());
  std::vector<double> single;
  for (const auto& rho : densities(train)) single.push_back(entropy(rho));
  auto result = at::zeros({d, d}, at::kDouble);
  for (std::int64_t a = 0; a < d; ++a) {
    work = canonical(work, a);
    OpenPair open(work.cores[a]);
    for (auto b = a + 1; b < d; ++b) {
      const auto pair = open.close(work.cores[b], work.cores[a].size(1));
      const double value = single[a] + single[b] - entropy(pair);
      result[a][b].fill_(value);
      result[b][a].fill_(value);
      open.trace_out(work.cores[b]);
    }
  }
  return result;
}

}  // namespace ranklens::tn
