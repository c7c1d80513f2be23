#include "ranklens/tn/formats/cp_algebra.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/mm.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/formats/arguments.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::tn {
namespace {

void check_terms(const CP& a, const CP& b, const char* what) {
  check(a);
  check(b);
  check_same(shape(a), shape(b), what);
  check_alike(a.factors[0], b.factors[0], what);
}

/// Columns [R] and [S] side by side for every pair of terms, [R S].
at::Tensor pairs(const at::Tensor& a, const at::Tensor& b) {
  return (a.unsqueeze(-1) * b.unsqueeze(-2)).flatten(-2);
}

}  // namespace

CP operator+(const CP& a, const CP& b) {
  check_terms(a, b, "a sum");
  CP out{at::cat({a.weights, b.weights}), {}};
  for (std::size_t k = 0; k < a.factors.size(); ++k)
    out.factors.push_back(at::cat({a.factors[k], b.factors[k]}, 1));
  return out;
}

CP operator-(const CP& a, const CP& b) { return a + (-1.0) * b; }

CP operator*(std::complex<double> factor, const CP& cp) {
  check(cp);
  check_factor(factor, cp.factors[0]);
  auto out = cp;
  // Weights stay real.
  (factor.imag() == 0 ? out.weights : out.factors[0]) =
      scaled(factor.imag() == 0 ? cp.weights : cp.factors[0], factor);
  return out;
}

CP conj(const CP& cp) {
  check(cp);
  auto out = cp;
  out.weights = out.weights.conj().resolve_conj();
  for (auto& factor : out.factors) factor = factor.conj().resolve_conj();
  return out;
}

CP hadamard(const CP& a, const CP& b) {
  check_terms(a, b, "an entrywise product");
  CP out{pairs(a.weights, b.weights), {}};
  for (std::size_t k = 0; k < a.factors.size(); ++k)
    out.factors.push_back(pairs(a.factors[k], b.factors[k]));
  return out;
}

CP kron(const CP& a, const CP& b) {
  check(a);
  check(b);
  check_alike(a.factors[0], b.factors[0], "a Kronecker product");
  CP out{pairs(a.weights, b.weights), {}};
  for (const auto& factor : a.factors) out.factors.push_back(factor.repeat_interleave(rank(b), 1));
  for (const auto& factor : b.factors) out.factors.push_back(factor.repeat({1, rank(a)}));
  return out;
}

at::Tensor dot(const CP& a, const CP& b) {
  check_terms(a, b, "an inner product");
  const auto wide = widened(a.factors[0].scalar_type());
  auto gram = a.weights.conj().to(wide).unsqueeze(1) * b.weights.to(wide).unsqueeze(0);
  for (std::size_t k = 0; k < a.factors.size(); ++k)
    gram = gram * at::mm(a.factors[k].to(wide).mH(), b.factors[k].to(wide));
  return gram.sum();
}

at::Tensor sum(const CP& cp) {
  check(cp);
  const auto wide = widened(cp.factors[0].scalar_type());
  auto terms = cp.weights.to(wide);
  for (const auto& factor : cp.factors) terms = terms * factor.sum(0, false, wide);
  return terms.sum();
}

CP sum(const CP& cp, const Shape& modes) {
  check(cp);
  const auto gone = marked(modes, cp.factors.size());
  CP out{cp.weights, {}};
  at::Tensor sums;
  for (std::size_t k = 0; k < gone.size(); ++k) {
    if (!gone[k]) out.factors.push_back(cp.factors[k]);
    if (gone[k]) sums = sums.defined() ? sums * cp.factors[k].sum(0) : cp.factors[k].sum(0);
  }
  if (sums.defined()) out.factors[0] = out.factors[0] * sums;
  return out;
}

CP slice(const CP& cp, std::int64_t mode, std::int64_t first, std::int64_t last,
         std::int64_t step) {
  check(cp);
  check_part(shape(cp), mode, first, last, step);
  auto out = cp;
  auto& factor = out.factors[static_cast<std::size_t>(mode)];
  factor = factor.slice(0, first, last, step);
  return out;
}

CP select(const CP& cp, std::int64_t mode, std::int64_t index) {
  const auto one = slice(cp, mode, index, index + 1);
  return cp.factors.size() == 1 ? one : sum(one, Shape{mode});
}

CP permute(const CP& cp, const Shape& order) {
  check(cp);
  check_order(order, cp.factors.size());
  CP out{cp.weights, {}};
  for (const auto k : order) out.factors.push_back(cp.factors[static_cast<std::size_t>(k)]);
  return out;
}

at::Tensor elements(const CP& cp, const at::Tensor& indices) {
  check(cp);
  check_indices(indices, shape(cp));
  at::Tensor terms = cp.weights;
  for (std::int64_t k = 0; k < indices.size(1); ++k)
    terms = terms * cp.factors[static_cast<std::size_t>(k)].index_select(0, indices.select(1, k));
  return terms.sum(1).to(cp.factors[0].scalar_type());
}

at::Tensor element(const CP& cp, const Shape& index) {
  check(cp);
  return elements(cp, index_row(index, cp.factors[0])).squeeze(0);
}

CP to(const CP& cp, const at::TensorOptions& options) {
  check(cp);
  CP out{cp.weights, cp.factors};
  for (auto& factor : out.factors) factor = moved(factor, options, "a sum of rank-one tensors");
  if (options.has_device()) out.weights = out.weights.to(options.device());
  return out;
}

}  // namespace ranklens::tn
