#include "ranklens/tn/formats/alternation.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/zeros.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/formats/term_update.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/train/rank_bounds.h"

namespace ranklens::tn {

Alternation::Alternation(std::vector<at::Tensor> rows, const CPALSOptions& options, double norm)
    : options_(options),
      norm_(norm),
      dtype_(rows[0].scalar_type()),
      wide_(widened(dtype_)),
      rows_(std::move(rows)) {
  for (auto& one : rows_) {
    const auto norms = at::linalg_vector_norm(one, 2, at::IntArrayRef{1}, true);
    one = one / norms.masked_fill(norms == 0, 1);
    grams_.push_back(gram_of(one));
  }
  weights_ = at::zeros({options.rank}, rows_[0].options().dtype(c10::toRealValueType(wide_)));
}

void Alternation::start_sweep() {
  bounded_ = false;
  dependent_ = 0;
}

void Alternation::update(std::size_t mode, const at::Tensor& product) {
  const auto precision = machine_epsilon(dtype_);
  const auto found = update_terms(gram_without(mode), product.to(wide_), rows_[mode].to(wide_),
                                  {.resolution = precision * static_cast<double>(options_.rank),
                                   .largest_norm = options_.largest_growth * norm_});
  inner_ = found.inner;
  own_squared_ = found.own_squared;
  bounded_ = bounded_ || found.ridge > 0;
  dependent_ = std::max(dependent_, options_.rank - found.rank);
  weights_ = found.lengths;
  rows_[mode] = found.rows.to(dtype_);
  grams_[mode] = rows_[mode].is_same(found.rows) ? found.gram : gram_of(rows_[mode]);
}

double Alternation::fit() const {
  const double squared = norm_ * norm_ - 2 * inner_ + own_squared_;
  return 1 - std::sqrt(std::max(0.0, squared)) / norm_;
}

CPALS Alternation::result() const {
  CPALS out;
  for (const auto& one : rows_) out.value.factors.push_back(one.t());
  out.value.weights = weights_.to(c10::toRealValueType(dtype_));
  out.value = normalised(out.value);
  out.growth = frobenius(weights_) / norm_;
  out.degenerate = bounded_;
  out.dependent = dependent_;
  return out;
}

/// The Gram matrix of the Khatri–Rao product of all factors but one.
at::Tensor Alternation::gram_without(std::size_t mode) const {
  at::Tensor gram;
  for (std::size_t k = 0; k < grams_.size(); ++k) {
    if (k == mode) continue;
    gram = gram.defined() ? gram * grams_[k] : grams_[k];
  }
  return gram.defined() ? gram : at::ones_like(grams_[mode]);
}

at::Tensor Alternation::gram_of(const at::Tensor& rows) const {
  const auto wide = rows.to(wide_);
  return at::mm(wide.conj(), wide.t());
}

CPALS alternate(Alternation& state, const CPALSOptions& options,
                const std::function<void()>& sweep) {
  std::vector<double> fits;
  bool converged = false;
  while (!converged && static_cast<std::int64_t>(fits.size()) < options.max_sweeps) {
    state.start_sweep();
    sweep();
    fits.push_back(state.fit());
    converged =
        fits.size() > 1 && std::abs(fits.back() - fits[fits.size() - 2]) <= options.tolerance;
  }
  auto out = state.result();
  out.fits = std::move(fits);
  out.converged = converged;
  return out;
}

void check(const CPALSOptions& options, const std::vector<std::int64_t>& sizes) {
  require_terms(options.rank, sizes);
  base::require(options.max_sweeps >= 1, "alternating least squares needs at least one sweep");
  base::require(options.tolerance >= 0, "the tolerance of the fit must be a number >= 0; it is {}",
                options.tolerance);
  base::require(options.largest_growth >= 1,
                "the bound of the terms' growth must be a number >= 1; it is {}",
                options.largest_growth);
}

}  // namespace ranklens::tn
