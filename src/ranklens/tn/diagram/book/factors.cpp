#include "ranklens/tn/diagram/book/factors.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <ATen/ops/diag_embed.h>
#include <ATen/ops/linalg_lstsq.h>
#include <ATen/ops/linalg_svd.h>
#include <ATen/ops/matmul.h>

#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::tn::diagram::book {

using at::Tensor;

double root_of_squares(const std::vector<double>& norms) {
  return std::sqrt(std::inner_product(norms.begin(), norms.end(), norms.begin(), 0.0));
}

Svd svd(const Tensor& matrix, std::int64_t rank) {
  auto [u, s, vh] = at::linalg_svd(matrix, false);
  const std::int64_t kept = rank < 0 ? s.size(0) : std::min(rank, s.size(0));
  return {u.narrow(1, 0, kept), s.narrow(0, 0, kept),
          vh.narrow(0, 0, kept).mH().resolve_conj().contiguous()};
}

Tensor unfolding(const Tensor& tensor, const std::vector<std::int64_t>& legs) {
  std::vector<std::int64_t> order = legs;
  std::int64_t rows = 1;
  for (const std::int64_t leg : legs) rows *= tensor.size(leg);
  for (std::int64_t leg = 0; leg < tensor.dim(); ++leg) {
    if (std::find(legs.begin(), legs.end(), leg) == legs.end()) order.push_back(leg);
  }
  return tensor.permute(order).reshape({rows, -1});
}

std::vector<Tensor> left_cores(const Tensor& tensor, std::int64_t rank,
                               std::vector<double>* discarded) {
  std::vector<Tensor> cores;
  Tensor rest = tensor.reshape({1, -1});
  std::int64_t left = 1;
  for (std::int64_t k = 0; k + 1 < tensor.dim(); ++k) {
    const Tensor matrix = rest.reshape({left * tensor.size(k), -1});
    const Svd all = svd(matrix);
    const Svd kept = svd(matrix, rank);
    const std::int64_t right = kept.s.size(0);
    if (discarded) discarded->push_back(frobenius(all.s.narrow(0, right, all.s.size(0) - right)));
    cores.push_back(k == 0 ? kept.u : kept.u.reshape({left, tensor.size(k), right}));
    rest = at::matmul(at::diag_embed(kept.s).to(kept.v.scalar_type()), kept.v.mH());
    left = right;
  }
  cores.push_back(rest.reshape({left, tensor.size(tensor.dim() - 1)}));
  return cores;
}

std::vector<Tensor> right_cores(const Tensor& tensor) {
  std::vector<std::int64_t> back(static_cast<std::size_t>(tensor.dim()));
  for (std::size_t k = 0; k < back.size(); ++k)
    back[k] = tensor.dim() - 1 - static_cast<std::int64_t>(k);
  auto cores = left_cores(tensor.permute(back));
  std::reverse(cores.begin(), cores.end());
  for (Tensor& core : cores) core = core.dim() == 3 ? core.permute({2, 1, 0}) : core.t();
  return cores;
}

namespace {

/// The tensor with its mode `leg` multiplied by a matrix [n, r] from that side: size r there.
Tensor projected(const Tensor& tensor, const Tensor& factor, std::int64_t leg) {
  return at::matmul(tensor.movedim(leg, -1), factor).movedim(-1, leg);
}

/// The tensor with all modes but `kept` projected on the factors.
Tensor projected_but(Tensor tensor, const std::vector<Tensor>& factors, std::int64_t kept) {
  for (std::size_t k = 0; k < factors.size(); ++k) {
    const auto leg = static_cast<std::int64_t>(k);
    if (leg != kept) tensor = projected(tensor, factors[k], leg);
  }
  return tensor;
}

/// [n m, r]: the products of rows of a [n, r] with rows of b [m, r], column by column.
Tensor khatri_rao(const Tensor& a, const Tensor& b) {
  return (a.unsqueeze(1) * b.unsqueeze(0)).reshape({-1, a.size(1)});
}

}  // namespace

Tucker tucker(const Tensor& tensor, std::int64_t rank, int sweeps) {
  Tucker result;
  for (std::int64_t leg = 0; leg < tensor.dim(); ++leg) {
    const Tensor matrix = unfolding(tensor, {leg});
    const Svd all = svd(matrix);
    result.factors.push_back(svd(matrix, rank).u);
    const std::int64_t kept = result.factors.back().size(1);
    result.discarded.push_back(frobenius(all.s.narrow(0, kept, all.s.size(0) - kept)));
  }
  for (int sweep = 0; sweep < sweeps; ++sweep) {
    for (std::int64_t leg = 0; leg < tensor.dim(); ++leg) {
      const Tensor rest = projected_but(tensor, result.factors, leg);
      result.factors[static_cast<std::size_t>(leg)] = svd(unfolding(rest, {leg}), rank).u;
    }
  }
  result.core = projected_but(tensor, result.factors, -1).contiguous();
  return result;
}

std::vector<Tensor> cp(const Tensor& tensor, std::int64_t rank, int sweeps) {
  std::vector<Tensor> factors;
  for (std::int64_t leg = 0; leg < 3; ++leg)
    factors.push_back(svd(unfolding(tensor, {leg}), rank).u);
  double before = -1;
  for (int sweep = 0; sweep < sweeps; ++sweep) {
    double error = 0;
    for (std::int64_t leg = 0; leg < 3; ++leg) {
      const Tensor others = khatri_rao(factors[leg == 0 ? 1 : 0], factors[leg == 2 ? 1 : 2]);
      const Tensor target = unfolding(tensor, {leg}).t();
      factors[static_cast<std::size_t>(leg)] = std::get<0>(at::linalg_lstsq(others, target)).t();
      error = frobenius(at::matmul(others, factors[static_cast<std::size_t>(leg)].t()) - target);
    }
    if (error < 1e-13 * frobenius(tensor) || error == before) break;
    before = error;
  }
  return factors;
}

}  // namespace ranklens::tn::diagram::book
