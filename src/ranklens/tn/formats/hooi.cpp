#include "ranklens/tn/formats/hooi.h"

#include <algorithm>
#include <cmath>

#include <ATen/ops/mm.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/formats/hosvd.h"
#include "ranklens/tn/formats/mode_product.h"
#include "ranklens/tn/linalg/factorise.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::tn {
namespace {

/// The iteration: factors, and the core of the last update.
struct Iteration {
  std::vector<std::int64_t> ranks;
  Tucker value;
  std::vector<at::Tensor> discarded_values;
  /// By mode: whether kept and discarded singular values lay well apart when last computed.
  std::vector<bool> separated;
  bool exact = true;      ///< this sweep computes all singular vectors
  bool was_exact = true;  ///< so far in this sweep, all were computed
};

/// Whether one step of orthogonal iteration takes nine tenths of what is missing, and more.
bool well_separated(const Split& cut) {
  if (!cut.values.defined() || !cut.discarded_values.defined()) return false;
  if (cut.discarded_values.numel() == 0) return true;
  const double kept = cut.values.min().item<double>();
  const double next = cut.discarded_values.max().item<double>();
  return next * next <= 0.1 * kept * kept;
}

at::Tensor contracted(const at::Tensor& partial, std::int64_t mode, const at::Tensor& factor) {
  return mode_product(partial, mode, factor.mH().resolve_conj());
}

/// One step of orthogonal iteration from the present factor: it never captures less, and close to
/// the end it is as good as singular vectors at a tenth of the cost.
void iterate_factor(Iteration& it, const at::Tensor& matrix, at::IntArrayRef sizes,
                    std::int64_t mode) {
  auto& factor = it.value.factors[mode];
  factor = qr(at::mm(matrix, at::mm(factor.mH(), matrix).mH())).q;
  it.value.core = folded(at::mm(factor.mH(), matrix), sizes, mode);
}

void update_factor(Iteration& it, const at::Tensor& partial, std::int64_t mode) {
  const auto matrix = unfolding(partial, mode);
  if (!it.exact && it.separated[mode]) {
    it.was_exact = false;
    return iterate_factor(it, matrix, partial.sizes(), mode);
  }
  const Truncation truncation{.max_rank = it.ranks[mode]};
  const auto cut = split(matrix, truncation, mode_factoriser(matrix.size(0), truncation));
  it.separated[mode] = well_separated(cut);
  it.value.factors[mode] = cut.q;
  it.discarded_values[mode] = cut.discarded_values;
  it.value.core = folded(cut.rest, partial.sizes(), mode);
}

/// The partial tensor contracted in the modes begin .. end - 1. The first of these products costs
/// most: the last mode of all comes late, since its products are the slowest.
at::Tensor without(const Iteration& it, const at::Tensor& partial, std::int64_t begin,
                   std::int64_t end) {
  auto rest = partial;
  for (auto mode = begin; mode < end; ++mode) {
    rest = contracted(rest, mode, it.value.factors[mode]);
  }
  return rest;
}

/// Updates the modes begin .. end - 1, given the tensor contracted with all other factors.
void descend_modes(Iteration& it, const at::Tensor& partial, std::int64_t begin, std::int64_t end) {
  if (end - begin == 1) return update_factor(it, partial, begin);
  const auto middle = begin + (end - begin) / 2;
  descend_modes(it, without(it, partial, middle, end), begin, middle);
  descend_modes(it, without(it, partial, begin, middle), middle, end);
}

}  // namespace

HOOI hooi(const at::Tensor& dense, const HOOIOptions& options) {
  base::require(!options.ranks.empty(), "orthogonal iteration needs a rank for each mode");
  base::require(options.max_sweeps >= 0, "the number of sweeps must not be negative; it is {}",
                options.max_sweeps);
  base::require(options.tolerance >= 0, "the tolerance of the fit must be a number >= 0; it is {}",
                options.tolerance);
  const auto start = st_hosvd(dense, {.bounds = {.ranks = options.ranks}});
  const auto tensor = dense.contiguous();
  const double norm = frobenius(tensor);
  Iteration iteration{options.ranks, start.value, start.discarded_values,
                      std::vector<bool>(options.ranks.size(), false)};
  HOOI out;
  out.error = start.error;
  out.fits.push_back(1 - start.relative_error);
  bool settled = false;
  for (std::int64_t sweep = 0; sweep < options.max_sweeps && !out.converged; ++sweep) {
    // Exact at first and at last; and where the iteration seems settled, before that is believed.
    iteration.exact = settled || sweep == 0 || sweep + 1 == options.max_sweeps;
    iteration.was_exact = true;
    descend_modes(iteration, tensor, 0, tensor.dim());
    const double core = frobenius(iteration.value.core);
    // The difference of squares resolves nothing below the root of the precision.
    out.error = std::sqrt(std::max(0.0, (norm - core) * (norm + core)));
    out.fits.push_back(norm > 0 ? 1 - out.error / norm : 1);
    const double change = out.fits.back() - out.fits[out.fits.size() - 2];
    settled = options.tolerance > 0 && std::abs(change) <= options.tolerance;
    out.converged = settled && iteration.was_exact;
  }
  out.value = iteration.value;
  out.discarded_values = iteration.discarded_values;
  out.relative_error = norm > 0 ? out.error / norm : 0;
  return out;
}

}  // namespace ranklens::tn
