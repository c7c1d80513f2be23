#include "ranklens/tn/formats/cp.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/argsort.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/real.h>
#include <ATen/ops/where.h>

#include "ranklens/base/dtype.h"
#include "ranklens/base/error.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::tn {
namespace {

at::Tensor rows_of(const CP& cp, std::size_t begin, std::size_t end) {
  std::vector<at::Tensor> rows;
  for (std::size_t k = begin; k < end; ++k) rows.push_back(cp.factors[k].t());
  return khatri_rao_rows(rows);
}

}  // namespace

void check(const CP& cp) {
  base::require(!cp.factors.empty(), "a sum of rank-one tensors needs at least one factor");
  base::require(cp.weights.defined() && cp.weights.dim() == 1 && cp.weights.numel() > 0,
                "the weights of a sum of rank-one tensors must be one number a term");
  for (std::size_t k = 0; k < cp.factors.size(); ++k) {
    const auto& factor = cp.factors[k];
    base::require(factor.defined() && factor.dim() == 2 && factor.size(0) > 0,
                  "factor {} of a sum of rank-one tensors must be a matrix [size, terms]", k);
    base::require(factor.size(1) == rank(cp),
                  "factor {} of a sum of rank-one tensors has {} columns for {} weights", k,
                  factor.size(1), rank(cp));
    base::require(
        computes_in(factor.scalar_type()) && factor.scalar_type() == cp.factors[0].scalar_type(),
        "factor {} of a sum of rank-one tensors is of type {}, the first of type {}", k,
        base::dtype_name(factor.scalar_type()), base::dtype_name(cp.factors[0].scalar_type()));
  }
}

std::int64_t rank(const CP& cp) { return cp.weights.size(0); }

std::vector<std::int64_t> shape(const CP& cp) {
  std::vector<std::int64_t> sizes;
  for (const auto& factor : cp.factors) sizes.push_back(factor.size(0));
  return sizes;
}

at::Tensor khatri_rao_rows(const std::vector<at::Tensor>& rows) {
  auto product = rows.at(0);
  for (std::size_t k = 1; k < rows.size(); ++k) {
    product = (product.unsqueeze(2) * rows[k].unsqueeze(1)).flatten(1);
  }
  return product;
}

at::Tensor full(const CP& cp) {
  check(cp);
  const auto half = (cp.factors.size() + 1) / 2;
  auto left = (rows_of(cp, 0, half) * cp.weights.unsqueeze(1)).to(cp.factors[0].scalar_type()).t();
  if (half == cp.factors.size()) return left.sum(1);
  return at::mm(left, rows_of(cp, half, cp.factors.size())).reshape(shape(cp));
}

double norm(const CP& cp) {
  check(cp);
  const auto wide = widened(cp.factors[0].scalar_type());
  const auto weights = cp.weights.to(wide);
  auto gram = weights.conj().unsqueeze(1) * weights.unsqueeze(0);
  for (const auto& factor : cp.factors) {
    const auto columns = factor.to(wide);
    gram = gram * at::mm(columns.mH(), columns);
  }
  return std::sqrt(std::max(0.0, at::real(gram.sum()).item<double>()));
}

std::int64_t parameters(const CP& cp) {
  std::int64_t count = 0;
  for (const auto& factor : cp.factors) count += factor.numel();
  return count;
}

CP normalised(const CP& cp) {
  check(cp);
  CP out{cp.weights.abs(), cp.factors};
  if (cp.weights.is_complex()) {
    out.factors[0] = out.factors[0] * cp.weights.sgn();
  } else {
    out.factors[0] = out.factors[0] * at::where(cp.weights < 0, -1, 1);
  }
  for (auto& factor : out.factors) {
    const auto norms = at::linalg_vector_norm(factor, 2, at::IntArrayRef{0});
    out.weights = out.weights * norms;
    factor = factor / at::where(norms > 0, norms, at::ones_like(norms));
  }
  const auto order = at::argsort(out.weights, 0, true);
  out.weights = out.weights.index_select(0, order);
  for (auto& factor : out.factors) factor = factor.index_select(1, order).contiguous();
  return out;
}

}  // namespace ranklens::tn
