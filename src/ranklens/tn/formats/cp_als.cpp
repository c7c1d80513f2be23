#include "ranklens/tn/formats/cp_als.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <c10/util/accumulate.h>

#include "ranklens/base/error.h"
#include "ranklens/base/random.h"
#include "ranklens/tn/formats/alternation.h"
#include "ranklens/tn/formats/mode_product.h"
#include "ranklens/tn/linalg/factorise.h"
#include "ranklens/tn/linalg/few_rows.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/linalg/sketch.h"

namespace ranklens::tn {
namespace {

using Rows = std::vector<at::Tensor>;

/// The leading left singular vectors of an unfolding as rows, the last ones from `drawn`.
at::Tensor leading_rows(const at::Tensor& dense, std::size_t mode, const at::Tensor& drawn) {
  const auto rank = drawn.size(0);
  const auto matrix = unfolding(dense, static_cast<std::int64_t>(mode));
  const auto q = split(matrix, {.max_rank = rank}).q.t();
  return at::cat({q, drawn.narrow(0, q.size(0), rank - q.size(0))});
}

Rows first_rows(const at::Tensor& dense, const CPALSOptions& options) {
  Rows rows;
  const base::Stream stream(options.seed, "init", "cp");
  for (std::int64_t k = 0; k < dense.dim(); ++k) {
    const auto mode = static_cast<std::size_t>(k);
    auto draws = stream.child("mode", mode);
    const auto drawn = gaussian(draws, {options.rank, dense.size(k)}, dense.options());
    // The first mode is updated before it is used.
    const bool led = options.start == CPStart::hosvd && k > 0;
    rows.push_back(led ? leading_rows(dense, mode, drawn) : drawn);
  }
  return rows;
}

/// Sweeps over a dense tensor.
class DenseSweeps {
 public:
  DenseSweeps(const at::Tensor& dense, Alternation& state)
      : dense_(dense), sizes_(dense.sizes().vec()), state_(state) {}

  void sweep() {
    const auto d = sizes_.size();
    if (d == 1) return state_.update(0, dense_.reshape({1, -1}));
    const auto middle = middle_of(0, d);
    const auto unfolded = dense_.reshape({volume(0, middle), -1});
    descend(rows_times_transposed(products(middle, d), unfolded), 0, middle);
    descend(rows_times(products(0, middle), unfolded), middle, d);
  }

 private:
  std::int64_t volume(std::size_t begin, std::size_t end) const {
    return c10::multiply_integers(sizes_.begin() + static_cast<std::ptrdiff_t>(begin),
                                  sizes_.begin() + static_cast<std::ptrdiff_t>(end));
  }

  /// Where to halve a range of modes: both partial products together as small as can be.
  std::size_t middle_of(std::size_t begin, std::size_t end) const {
    std::size_t best = begin + 1;
    for (auto m = begin + 1; m < end; ++m) {
      if (volume(begin, m) + volume(m, end) < volume(begin, best) + volume(best, end)) best = m;
    }
    return best;
  }

  /// The conjugated Khatri–Rao product of some modes, [R, product of their sizes].
  at::Tensor products(std::size_t begin, std::size_t end) const {
    const auto& rows = state_.rows();
    const auto at = [&](std::size_t k) { return rows.begin() + static_cast<std::ptrdiff_t>(k); };
    return khatri_rao_rows(Rows(at(begin), at(end))).conj().resolve_conj();
  }

  /// Updates the modes of a range, given the tensor times the factors of all others.
  void descend(const at::Tensor& partial, std::size_t begin, std::size_t end) {
    if (end - begin == 1) return state_.update(begin, partial);
    const auto middle = middle_of(begin, end);
    const auto grid = partial.view({partial.size(0), volume(begin, middle), volume(middle, end)});
    descend(each_row_times_transposed(products(middle, end), grid), begin, middle);
    descend(each_row_times(products(begin, middle), grid), middle, end);
  }

  at::Tensor dense_;
  std::vector<std::int64_t> sizes_;
  Alternation& state_;
};

CPALS zero_terms(const at::Tensor& dense, std::int64_t rank) {
  CPALS out;
  const auto real = c10::toRealValueType(dense.scalar_type());
  out.value.weights = at::zeros({rank}, dense.options().dtype(real));
  for (const auto n : dense.sizes()) {
    out.value.factors.push_back(at::ones({n, rank}, dense.options()) /
                                std::sqrt(static_cast<double>(n)));
  }
  out.fits = {1.0};
  out.converged = true;
  return out;
}

}  // namespace

CPALS cp_als(const at::Tensor& dense, const CPALSOptions& options) {
  check_values(dense, "the tensor to decompose");
  base::require(dense.dim() > 0, "a single number has no modes to decompose");
  check(options, dense.sizes().vec());
  const double norm = frobenius(dense);
  if (norm == 0) return zero_terms(dense, options.rank);
  Alternation state(first_rows(dense, options), options, norm);
  DenseSweeps sweeps(dense.contiguous(), state);
  return alternate(state, options, [&] { sweeps.sweep(); });
}

}  // namespace ranklens::tn
