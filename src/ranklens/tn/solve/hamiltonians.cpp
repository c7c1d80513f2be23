#include "ranklens/tn/solve/hamiltonians.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "ranklens/base/error.h"

namespace ranklens::tn {
namespace {

at::Tensor spin_matrix(const std::vector<double>& entries, at::ScalarType dtype) {
  return at::tensor(entries, at::kDouble).reshape({2, 2}).to(dtype);
}

void check_site_matrix(const at::Tensor& matrix, const at::Tensor& local) {
  base::require(matrix.defined() && matrix.dim() == 2 && matrix.numel() > 0 &&
                    matrix.size(0) == matrix.size(1) && matrix.sizes() == local.sizes() &&
                    matrix.scalar_type() == local.scalar_type(),
                "the terms of a chain must be square matrices of one size and dtype");
}

void check_numbers(std::int64_t sites, std::initializer_list<double> numbers) {
  base::require(sites >= 1, "a chain needs at least one site; it has {}", sites);
  for (const double number : numbers) {
    base::require(std::isfinite(number), "the couplings of a chain must be finite numbers");
  }
}

}  // namespace

TTMatrix chain_operator(std::int64_t sites, const at::Tensor& local,
                        const std::vector<NeighbourTerm>& terms) {
  base::require(sites >= 1, "a chain needs at least one site; it has {}", sites);
  check_site_matrix(local, local);
  for (const auto& term : terms) {
    check_site_matrix(term.left, local);
    check_site_matrix(term.right, local);
  }
  const auto n = local.size(0), last = static_cast<std::int64_t>(terms.size()) + 1;
  // States between sites: 0 everything done, t a term waits for its right half, last nothing yet.
  auto core = at::zeros({last + 1, n, n, last + 1}, local.options());
  const auto put = [&](std::int64_t from, std::int64_t to, const at::Tensor& matrix) {
    core.select(3, to).select(0, from).copy_(matrix);
  };
  put(0, 0, at::eye(n, local.options()));
  put(last, last, at::eye(n, local.options()));
  put(last, 0, local);
  for (std::int64_t t = 1; t < last; ++t) {
    put(last, t, terms[t - 1].left);
    put(t, 0, terms[t - 1].right);
  }
  TTMatrix chain{std::vector<at::Tensor>(sites, core), -1, 0};
  chain.cores.front() = chain.cores.front().narrow(0, last, 1).contiguous();
  chain.cores.back() = chain.cores.back().narrow(3, 0, 1).contiguous();
  return chain;
}

TTMatrix hamiltonian(const Ising& chain, at::ScalarType dtype) {
  check_numbers(chain.sites, {chain.coupling, chain.field});
  const auto x = spin_matrix({0, 1, 1, 0}, dtype), z = spin_matrix({1, 0, 0, -1}, dtype);
  return chain_operator(chain.sites, -chain.field * x, {{-chain.coupling * z, z}});
}

TTMatrix hamiltonian(const Heisenberg& chain, at::ScalarType dtype) {
  check_numbers(chain.sites, {chain.coupling, chain.anisotropy, chain.field});
  const auto raise = spin_matrix({0, 1, 0, 0}, dtype), lower = spin_matrix({0, 0, 1, 0}, dtype);
  const auto z = spin_matrix({0.5, 0, 0, -0.5}, dtype);
  const double flip = chain.coupling / 2;  // S^x S^x + S^y S^y = (S^+ S^- + S^- S^+) / 2
  return chain_operator(
      chain.sites, -chain.field * z,
      {{flip * raise, lower}, {flip * lower, raise}, {chain.coupling * chain.anisotropy * z, z}});
}

}  // namespace ranklens::tn
