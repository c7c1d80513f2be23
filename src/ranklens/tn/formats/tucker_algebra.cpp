#include "ranklens/tn/formats/tucker_algebra.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/formats/arguments.h"
#include "ranklens/tn/formats/mode_product.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::tn {
namespace {

void check_tuckers(const Tucker& a, const Tucker& b, const char* what) {
  check(a);
  check(b);
  check_same(shape(a), shape(b), what);
  check_alike(a.core, b.core, what);
}

/// A core with the modes `modes` contracted with rows [1, r] of matrices and taken away.
Tucker contracted_over(const Tucker& tucker, const std::vector<bool>& gone,
                       const std::vector<at::Tensor>& rows) {
  Tucker out{tucker.core, {}};
  for (std::size_t k = gone.size(); k-- > 0;) {
    const auto mode = static_cast<std::int64_t>(k);
    if (gone[k]) out.core = mode_product(out.core, mode, rows[k]).squeeze(mode);
  }
  for (std::size_t k = 0; k < gone.size(); ++k)
    if (!gone[k]) out.factors.push_back(tucker.factors[k]);
  out.core = out.core.contiguous();
  return out;
}

}  // namespace

Tucker operator+(const Tucker& a, const Tucker& b) {
  check_tuckers(a, b, "a sum");
  Shape sizes;
  Tucker out;
  for (std::size_t k = 0; k < a.factors.size(); ++k) {
    out.factors.push_back(at::cat({a.factors[k], b.factors[k]}, 1));
    sizes.push_back(out.factors.back().size(1));
  }
  out.core = at::zeros(sizes, a.core.options());
  auto first = out.core, last = out.core;
  for (std::int64_t k = 0; k < a.core.dim(); ++k) {
    first = first.narrow(k, 0, a.core.size(k));
    last = last.narrow(k, a.core.size(k), b.core.size(k));
  }
  first.copy_(a.core);
  last.copy_(b.core);
  return out;
}

Tucker operator-(const Tucker& a, const Tucker& b) { return a + (-1.0) * b; }

Tucker operator*(std::complex<double> factor, const Tucker& tucker) {
  check(tucker);
  check_factor(factor, tucker.core);
  return {scaled(tucker.core, factor), tucker.factors};
}

Tucker conj(const Tucker& tucker) {
  check(tucker);
  Tucker out{tucker.core.conj().resolve_conj(), {}};
  for (const auto& factor : tucker.factors) out.factors.push_back(factor.conj().resolve_conj());
  return out;
}

Tucker hadamard(const Tucker& a, const Tucker& b) {
  check_tuckers(a, b, "an entrywise product");
  Tucker out;
  auto left = a.core, right = b.core;
  Shape sizes;
  for (std::size_t k = 0; k < a.factors.size(); ++k) {
    const auto mode = static_cast<std::int64_t>(k);
    const auto &x = a.factors[k], &y = b.factors[k];
    out.factors.push_back((x.unsqueeze(2) * y.unsqueeze(1)).flatten(1));
    sizes.push_back(out.factors.back().size(1));
    left = left.unsqueeze(2 * mode + 1);  // [r_1, 1, r_2, 1, ...]
    right = right.unsqueeze(2 * mode);    // [1, s_1, 1, s_2, ...]
  }
  out.core = (left * right).reshape(sizes);
  return out;
}

Tucker kron(const Tucker& a, const Tucker& b) {
  check(a);
  check(b);
  check_alike(a.core, b.core, "a Kronecker product");
  auto sizes = ranks(a);
  for (const auto r : ranks(b)) sizes.push_back(r);
  Tucker out{(a.core.reshape({-1, 1}) * b.core.reshape({1, -1})).reshape(sizes), a.factors};
  out.factors.insert(out.factors.end(), b.factors.begin(), b.factors.end());
  return out;
}

at::Tensor dot(const Tucker& a, const Tucker& b) {
  check_tuckers(a, b, "an inner product");
  const auto wide = widened(a.core.scalar_type());
  auto turned = b.core.to(wide);
  for (std::size_t k = 0; k < a.factors.size(); ++k) {
    const auto overlap = at::mm(a.factors[k].to(wide).mH(), b.factors[k].to(wide));
    turned = mode_product(turned, static_cast<std::int64_t>(k), overlap);
  }
  return (a.core.to(wide).conj() * turned).sum();
}

at::Tensor sum(const Tucker& tucker) {
  check(tucker);
  const auto wide = widened(tucker.core.scalar_type());
  auto rest = tucker.core.to(wide);
  for (std::size_t k = 0; k < tucker.factors.size(); ++k)
    rest = mode_product(rest, static_cast<std::int64_t>(k), tucker.factors[k].sum(0, true, wide));
  return rest.reshape({});
}

Tucker sum(const Tucker& tucker, const Shape& modes) {
  check(tucker);
  std::vector<at::Tensor> rows;
  for (const auto& factor : tucker.factors) rows.push_back(factor.sum(0, true));
  return contracted_over(tucker, marked(modes, tucker.factors.size()), rows);
}

Tucker slice(const Tucker& tucker, std::int64_t mode, std::int64_t first, std::int64_t last,
             std::int64_t step) {
  check(tucker);
  check_part(shape(tucker), mode, first, last, step);
  auto out = tucker;
  auto& factor = out.factors[static_cast<std::size_t>(mode)];
  factor = factor.slice(0, first, last, step);
  return out;
}

Tucker select(const Tucker& tucker, std::int64_t mode, std::int64_t index) {
  const auto one = slice(tucker, mode, index, index + 1);
  return tucker.factors.size() == 1 ? one : sum(one, Shape{mode});
}

Tucker permute(const Tucker& tucker, const Shape& order) {
  check(tucker);
  check_order(order, tucker.factors.size());
  Tucker out{tucker.core.permute(order).contiguous(), {}};
  for (const auto k : order) out.factors.push_back(tucker.factors[static_cast<std::size_t>(k)]);
  return out;
}

at::Tensor elements(const Tucker& tucker, const at::Tensor& indices) {
  check(tucker);
  check_indices(indices, shape(tucker));
  const auto count = indices.size(0);
  if (count == 0) return at::zeros({0}, tucker.core.options());
  const auto row = [&](std::int64_t k) {
    return tucker.factors[static_cast<std::size_t>(k)].index_select(0, indices.select(1, k));
  };
  auto rest = at::mm(row(0), tucker.core.reshape({tucker.core.size(0), -1}));
  for (std::int64_t k = 1; k < tucker.core.dim(); ++k)
    rest = at::bmm(row(k).unsqueeze(1), rest.reshape({count, tucker.core.size(k), -1})).squeeze(1);
  return rest.reshape({count});
}

at::Tensor element(const Tucker& tucker, const Shape& index) {
  check(tucker);
  return elements(tucker, index_row(index, tucker.core)).squeeze(0);
}

Tucker to(const Tucker& tucker, const at::TensorOptions& options) {
  check(tucker);
  Tucker out{moved(tucker.core, options, "a Tucker tensor"), tucker.factors};
  for (auto& factor : out.factors) factor = moved(factor, options, "a Tucker tensor");
  return out;
}

}  // namespace ranklens::tn
