#include "ranklens/optim/tensor_train/observed_trains.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/stack.h>
#include <fmt/format.h>

#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::optim {
namespace {

struct Orthogonality {
  double drift = 0, log_norm = 0;
};

/// [columns], which are orthogonal: (r n, r') left of the centre, (n r', r) right of it.
at::Tensor basis_of(const at::Tensor& core, bool left) {
  return left ? core.reshape({-1, core.size(2)}) : core.reshape({core.size(0), -1}).t();
}

Orthogonality orthogonality_of(const std::vector<at::Tensor>& cores, std::size_t centre) {
  std::vector<at::Tensor> factors, off;  // numbers, asked for once
  for (std::size_t k = 0; k < cores.size(); ++k) {
    if (k == centre) continue;
    const auto basis = basis_of(cores[k].to(at::kDouble), k < centre);
    const auto gram = at::mm(basis.t(), basis);
    const auto squared = gram.diagonal().mean();
    factors.push_back(squared);
    off.push_back((gram / squared - at::eye(gram.size(0), gram.options())).abs().max());
  }
  Orthogonality found{.log_norm = std::log(tn::frobenius(cores[centre]))};
  if (factors.empty()) return found;
  found.drift = at::stack(off).max().item<double>();
  found.log_norm += 0.5 * at::stack(factors).log().sum().item<double>();
  return found;
}

}  // namespace

void ObservedTrains::keep(const std::string& name, std::vector<at::Tensor> cores,
                          std::int64_t centre) {
  trains_[name] = {std::move(cores), centre};
}

std::map<std::string, double> ObservedTrains::numbers() const {
  const at::NoGradGuard no_gradients;
  std::map<std::string, double> all;
  for (const auto& [name, train] : trains_) {
    std::int64_t count = 0;
    for (std::size_t k = 0; k < train.cores.size(); ++k) {
      const auto& core = train.cores[k];
      count += core.numel();
      if (k + 1 == train.cores.size()) continue;
      all[fmt::format("rank/{}.{}", name, k)] = static_cast<double>(core.size(2));
    }
    all["params/" + name] = static_cast<double>(count);
    const auto found = orthogonality_of(train.cores, static_cast<std::size_t>(train.centre));
    all["drift/" + name] = found.drift;
    if (found.drift < 1e-3 && std::isfinite(found.log_norm)) {
      all["log_norm/" + name] = found.log_norm;
    }
  }
  return all;
}

}  // namespace ranklens::optim
