#include "ranklens/optim/tensor_train/recanonical_gauge.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_pinv.h>
#include <ATen/ops/matmul.h>

#include "ranklens/tn/linalg/factorise.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::optim {
namespace {

/// The inverse of the transpose, in double.
at::Tensor inverse_transposed(const at::Tensor& r) {
  const double tolerance =
      tn::machine_epsilon(r.scalar_type()) * static_cast<double>(std::max(r.size(0), r.size(1)));
  return at::linalg_pinv(r.t().to(at::kDouble), tolerance).to(r.scalar_type());
}

/// core * factor, whose gradient is divided by it.
void scale_core(GaugedCores& all, std::size_t k, double factor) {
  all.cores[k] = all.cores[k] * factor;
  if (!all.gradients.empty()) all.gradients[k] = all.gradients[k] / factor;
}

/// Makes core k of norm one; returns the logarithm of what it was.
double make_unit(GaugedCores& all, std::size_t k) {
  const double norm = tn::frobenius(all.cores[k]);
  if (!(norm > 0)) return 0;
  scale_core(all, k, 1 / norm);
  return std::log(norm);
}

/// [r n, r'] times a matrix from the right.
at::Tensor right_times(const at::Tensor& core, const at::Tensor& matrix) {
  return at::matmul(core.reshape({-1, core.size(2)}), matrix)
      .reshape({core.size(0), core.size(1), -1});
}

/// A matrix times [r, n r'].
at::Tensor left_times(const at::Tensor& matrix, const at::Tensor& core) {
  return at::matmul(matrix, core.flatten(1)).reshape({-1, core.size(1), core.size(2)});
}

void carry_rightward(GaugedCores& all, std::size_t k) {
  const auto core = all.cores[k];
  const auto found = tn::oriented_qr(core.reshape({-1, core.size(2)}));
  all.cores[k] = found.q.reshape({core.size(0), core.size(1), -1});
  all.cores[k + 1] = left_times(found.r, all.cores[k + 1]);
  if (all.gradients.empty()) return;
  all.gradients[k] = right_times(all.gradients[k], found.r.t());
  all.gradients[k + 1] = left_times(inverse_transposed(found.r), all.gradients[k + 1]);
}

void carry_leftward(GaugedCores& all, std::size_t k) {
  const auto core = all.cores[k];
  // core^T = Q R: core = R^T Q^T.
  const auto found = tn::oriented_qr(core.flatten(1).t());
  all.cores[k] = found.q.t().reshape({-1, core.size(1), core.size(2)});
  all.cores[k - 1] = right_times(all.cores[k - 1], found.r.t());
  if (all.gradients.empty()) return;
  all.gradients[k] = left_times(found.r, all.gradients[k]);
  all.gradients[k - 1] = right_times(all.gradients[k - 1], inverse_transposed(found.r).t());
}

}  // namespace

GaugedCores recanonicalised(const GaugedCores& from) {
  GaugedCores all = from;
  const auto middle = all.cores.size() / 2;
  double log_scale = 0;
  for (std::size_t k = 0; k < middle; ++k) {
    log_scale += make_unit(all, k);
    carry_rightward(all, k);
  }
  for (auto k = all.cores.size() - 1; k > middle; --k) {
    log_scale += make_unit(all, k);
    carry_leftward(all, k);
  }
  log_scale += make_unit(all, middle);
  const double factor = std::exp(log_scale / static_cast<double>(all.cores.size()));
  for (std::size_t k = 0; k < all.cores.size(); ++k) {
    scale_core(all, k, factor);
    all.cores[k] = all.cores[k].contiguous();
  }
  return all;
}

}  // namespace ranklens::optim
