#include "ranklens/tn/formats/cp_als.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/zeros.h>
#include <c10/util/accumulate.h>

#include "ranklens/base/error.h"
#include "ranklens/base/random.h"
#include "ranklens/tn/formats/mode_product.h"
#include "ranklens/tn/formats/term_update.h"
#include "ranklens/tn/linalg/factorise.h"
#include "ranklens/tn/linalg/few_rows.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/linalg/sketch.h"

namespace ranklens::tn {
namespace {

using Rows = std::vector<at::Tensor>;

/// The alternating iteration. Factors are kept transposed, [R, n_k] with rows of norm one, so that
/// all partial products are [R, ...] and contiguous.
class Alternation {
 public:
  Alternation(const at::Tensor& dense, const CPALSOptions& options, double norm)
      : dense_(dense),
        options_(options),
        norm_(norm),
        wide_(widened(dense.scalar_type())),
        sizes_(dense.sizes().vec()) {
    rows_ = start();
    for (const auto& rows : rows_) grams_.push_back(gram_of(rows));
    weights_ = at::zeros({options.rank}, dense.options().dtype(c10::toRealValueType(wide_)));
  }

  void sweep() {
    bounded_ = false;
    dependent_ = 0;
    const auto d = sizes_.size();
    if (d == 1) return update(0, dense_.reshape({1, -1}));
    const auto middle = middle_of(0, d);
    const auto unfolded = dense_.reshape({volume(0, middle), -1});
    descend(rows_times_transposed(products(middle, d), unfolded), 0, middle);
    descend(rows_times(products(0, middle), unfolded), middle, d);
  }

  double fit() const {
    const double squared = norm_ * norm_ - 2 * inner_ + own_squared_;
    return 1 - std::sqrt(std::max(0.0, squared)) / norm_;
  }

  CPALS result() const {
    CPALS out;
    for (const auto& rows : rows_) out.value.factors.push_back(rows.t());
    out.value.weights = weights_.to(c10::toRealValueType(dense_.scalar_type()));
    out.value = normalised(out.value);
    out.growth = frobenius(weights_) / norm_;
    out.degenerate = bounded_;
    out.dependent = dependent_;
    return out;
  }

 private:
  Rows start() const {
    Rows rows;
    const base::Stream stream(options_.seed, "init", "cp");
    for (std::size_t k = 0; k < sizes_.size(); ++k) {
      auto draws = stream.child("mode", k);
      auto drawn = gaussian(draws, {options_.rank, sizes_[k]}, dense_.options());
      // The first mode is updated before it is used.
      if (options_.start == CPStart::hosvd && k > 0) drawn = leading(k, drawn);
      rows.push_back(drawn / at::linalg_vector_norm(drawn, 2, at::IntArrayRef{1}, true));
    }
    return rows;
  }

  /// The leading left singular vectors of the unfolding as rows, the last ones from `drawn`.
  at::Tensor leading(std::size_t mode, const at::Tensor& drawn) const {
    const auto matrix = unfolding(dense_, static_cast<std::int64_t>(mode));
    const auto q = split(matrix, {.max_rank = options_.rank}).q.t();
    return at::cat({q, drawn.narrow(0, q.size(0), options_.rank - q.size(0))});
  }

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
    const auto at = [&](std::size_t k) { return rows_.begin() + static_cast<std::ptrdiff_t>(k); };
    return khatri_rao_rows(Rows(at(begin), at(end))).conj().resolve_conj();
  }

  /// Updates the modes of a range, given the tensor times the factors of all others.
  void descend(const at::Tensor& partial, std::size_t begin, std::size_t end) {
    if (end - begin == 1) return update(begin, partial);
    const auto middle = middle_of(begin, end);
    const auto grid = partial.view({options_.rank, volume(begin, middle), volume(middle, end)});
    descend(each_row_times_transposed(products(middle, end), grid), begin, middle);
    descend(each_row_times(products(begin, middle), grid), middle, end);
  }

  /// The least-squares step in one mode, `product` [R, n_k] being the tensor times the conjugates
  /// of all other factors.
  void update(std::size_t mode, const at::Tensor& product) {
    const auto precision = machine_epsilon(dense_.scalar_type());
    const auto found = update_terms(gram_without(mode), product.to(wide_), rows_[mode].to(wide_),
                                    {.resolution = precision * static_cast<double>(options_.rank),
                                     .largest_norm = options_.largest_growth * norm_});
    inner_ = found.inner;
    own_squared_ = found.own_squared;
    bounded_ = bounded_ || found.ridge > 0;
    dependent_ = std::max(dependent_, options_.rank - found.rank);
    weights_ = found.lengths;
    rows_[mode] = found.rows.to(dense_.scalar_type());
    grams_[mode] = rows_[mode].is_same(found.rows) ? found.gram : gram_of(rows_[mode]);
  }

  /// The Gram matrix of the Khatri–Rao product of all factors but one.
  at::Tensor gram_without(std::size_t mode) const {
    at::Tensor gram;
    for (std::size_t k = 0; k < grams_.size(); ++k) {
      if (k == mode) continue;
      gram = gram.defined() ? gram * grams_[k] : grams_[k];
    }
    return gram.defined() ? gram : at::ones_like(grams_[mode]);
  }

  at::Tensor gram_of(const at::Tensor& rows) const {
    const auto wide = rows.to(wide_);
    return at::mm(wide.conj(), wide.t());
  }

  at::Tensor dense_;
  CPALSOptions options_;
  double norm_;
  at::ScalarType wide_;
  std::vector<std::int64_t> sizes_;
  Rows rows_, grams_;
  at::Tensor weights_;
  double inner_ = 0;        // Re <value, tensor>
  double own_squared_ = 0;  // ||value||^2
  bool bounded_ = false;
  std::int64_t dependent_ = 0;
};

void check_cp_options(const at::Tensor& dense, const CPALSOptions& options) {
  check_values(dense, "the tensor to decompose");
  base::require(dense.dim() > 0, "a single number has no modes to decompose");
  const auto sizes = dense.sizes();
  const auto enough = dense.numel() / *std::max_element(sizes.begin(), sizes.end());
  base::require(options.rank >= 1 && options.rank <= enough,
                "the rank of a sum of rank-one tensors must be between 1 and {}, which always "
                "suffices for this shape; it is {}",
                enough, options.rank);
  base::require(options.max_sweeps >= 1, "alternating least squares needs at least one sweep");
  base::require(options.tolerance >= 0, "the tolerance of the fit must be a number >= 0; it is {}",
                options.tolerance);
  base::require(options.largest_growth >= 1,
                "the bound of the terms' growth must be a number >= 1; it is {}",
                options.largest_growth);
}

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
  check_cp_options(dense, options);
  const double norm = frobenius(dense);
  if (norm == 0) return zero_terms(dense, options.rank);
  Alternation iteration(dense.contiguous(), options, norm);
  std::vector<double> fits;
  bool converged = false;
  while (!converged && static_cast<std::int64_t>(fits.size()) < options.max_sweeps) {
    iteration.sweep();
    fits.push_back(iteration.fit());
    converged =
        fits.size() > 1 && std::abs(fits.back() - fits[fits.size() - 2]) <= options.tolerance;
  }
  auto out = iteration.result();
  out.fits = std::move(fits);
  out.converged = converged;
  return out;
}

}  // namespace ranklens::tn
