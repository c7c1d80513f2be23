#include "ranklens/tn/analysis/density.h"

#include <optional>

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

void check_mode(std::int64_t modes, std::int64_t mode) {
  base::require(mode >= 0 && mode < modes, "a tensor of {} modes has no mode {}", modes, mode);
}

void check_pair(std::int64_t modes, std::int64_t a, std::int64_t b) {
  check_mode(modes, a);
  check_mode(modes, b);
  base::require(a < b,
                "the density matrix of two modes needs the first below the second, not {} and {}",
                a, b);
}

std::int64_t modes_of(const TensorTrain& train) {
  return static_cast<std::int64_t>(train.cores.size());
}

/// Of the first modes of a dense tensor, `rows` values together, all others traced out. Divided by
/// the largest entry first, so that no square over- or underflows.
at::Tensor of_leading(const at::Tensor& tensor, std::int64_t rows) {
  const auto matrix = tensor.reshape({rows, -1});
  const auto largest = matrix.detach().abs().max();
  base::require(largest.item<double>() > 0, "a tensor of zeros has no density matrix");
  const auto scaled = matrix / largest;
  return of_trace_one(at::mm(scaled, scaled.mH()));
}

/// S(a) + S(b) - S(ab) of all pairs: `single` the entropies of the modes, `pair` those of two.
template <class Pair>
at::Tensor informations(const std::vector<double>& single, Pair pair) {
  const auto d = static_cast<std::int64_t>(single.size());
  auto result = at::zeros({d, d}, at::kDouble);
  for (std::int64_t a = 0; a < d; ++a) {
    for (auto b = a + 1; b < d; ++b) {
      const double value = single[a] + single[b] - pair(a, b);
      result[a][b].fill_(value);
      result[b][a].fill_(value);
    }
  }
  return result;
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
  check_mode(modes_of(train), mode);
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
  check_pair(modes_of(train), a, b);
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
  std::vector<double> single;
  for (const auto& rho : densities(train)) single.push_back(entropy(rho));
  std::optional<OpenPair> open;
  return informations(single, [&](std::int64_t a, std::int64_t b) {
    if (b == a + 1) {
      work = canonical(work, a);
      open.emplace(work.cores[a]);
    } else {
      open->trace_out(work.cores[b - 1]);
    }
    return entropy(open->close(work.cores[b], work.cores[a].size(1)));
  });
}

at::Tensor density(const at::Tensor& tensor, std::int64_t mode) {
  check_values(tensor, "the tensor");
  check_mode(tensor.dim(), mode);
  return of_leading(tensor.movedim(mode, 0), tensor.size(mode));
}

std::vector<at::Tensor> densities(const at::Tensor& tensor) {
  std::vector<at::Tensor> result;
  for (std::int64_t k = 0; k < tensor.dim(); ++k) result.push_back(density(tensor, k));
  return result;
}

at::Tensor density(const at::Tensor& tensor, std::int64_t a, std::int64_t b) {
  check_values(tensor, "the tensor");
  check_pair(tensor.dim(), a, b);
  return of_leading(tensor.movedim(at::IntArrayRef({a, b}), at::IntArrayRef({0, 1})),
                    tensor.size(a) * tensor.size(b));
}

double mutual_information(const at::Tensor& tensor, std::int64_t a, std::int64_t b) {
  const at::NoGradGuard no_gradients;
  return entropy(density(tensor, a)) + entropy(density(tensor, b)) - entropy(density(tensor, a, b));
}

at::Tensor mutual_information(const at::Tensor& tensor) {
  const at::NoGradGuard no_gradients;
  std::vector<double> single;
  for (const auto& rho : densities(tensor)) single.push_back(entropy(rho));
  return informations(
      single, [&](std::int64_t a, std::int64_t b) { return entropy(density(tensor, a, b)); });
}

}  // namespace ranklens::tn
