#include "ranklens/tn/train/sweep.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/mm.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::tn {
namespace {

at::Tensor tall(const at::Tensor& core) { return core.reshape({-1, core.size(2)}); }
at::Tensor flat(const at::Tensor& core) { return core.reshape({core.size(0), -1}); }

Cut cut_of(std::int64_t bond, Split& found) {
  return {bond, found.q.size(1), found.discarded, found.values, found.discarded_values};
}

}  // namespace

double Budget::next() const {
  return std::sqrt(std::max(squared, 0.0) / static_cast<double>(std::max<std::int64_t>(cuts, 1)));
}

void Budget::spend(double discarded) {
  squared -= discarded * discarded;
  --cuts;
}

Cut carry_right(std::vector<at::Tensor>& cores, std::int64_t bond, const Truncation& truncation,
                Factoriser factoriser) {
  auto& core = cores[bond];
  auto& next = cores[bond + 1];
  auto found = split(tall(core), truncation, factoriser);
  const auto rank = found.q.size(1);
  core = found.q.reshape({core.size(0), core.size(1), rank});
  next = at::mm(found.rest, flat(next)).reshape({rank, next.size(1), next.size(2)});
  return cut_of(bond, found);
}

Cut carry_left(std::vector<at::Tensor>& cores, std::int64_t bond, const Truncation& truncation,
               Factoriser factoriser) {
  auto& core = cores[bond + 1];
  auto& next = cores[bond];
  auto found = split(flat(core).mH(), truncation, factoriser);
  const auto rank = found.q.size(1);
  core = found.q.mH().reshape({rank, core.size(1), core.size(2)});
  next = at::mm(tall(next), found.rest.mH()).reshape({next.size(0), next.size(1), rank});
  return cut_of(bond, found);
}

void normalise_core(TensorTrain& train, std::int64_t k) {
  const double norm = frobenius(train.cores[k]);
  base::require(std::isfinite(norm), "core {} of a tensor train holds NaN or infinite entries", k);
  if (norm <= 0 || norm == 1) return;
  train.cores[k] = train.cores[k] / norm;
  train.log_scale += std::log(norm);
}

TensorTrain canonical(const TensorTrain& train, std::int64_t centre, Gauge gauge) {
  check(train);
  const auto d = static_cast<std::int64_t>(train.cores.size());
  base::require(centre >= 0 && centre < d, "a train of {} cores has no core {} to be the centre", d,
                centre);
  auto result = train;
  const auto how = gauge == Gauge::svd ? Factoriser::svd : Factoriser::automatic;
  const auto from = train.centre < 0 ? 0 : train.centre;
  const auto to = train.centre < 0 ? d - 1 : train.centre;
  for (auto k = from; k < centre; ++k) {
    normalise_core(result, k);
    carry_right(result.cores, k, {}, how);
  }
  for (auto k = to; k > centre; --k) {
    normalise_core(result, k);
    carry_left(result.cores, k - 1, {}, how);
  }
  normalise_core(result, centre);
  result.centre = centre;
  return result;
}

TTMatrix canonical(const TTMatrix& matrix, std::int64_t centre, Gauge gauge) {
  return split(canonical(fused(matrix), centre, gauge), row_modes(matrix), column_modes(matrix));
}

std::vector<at::Tensor> schmidt_values(const TensorTrain& train) {
  auto work = canonical(train, 0);
  std::vector<at::Tensor> values;
  for (std::size_t k = 0; k + 1 < work.cores.size(); ++k) {
    const auto cut = carry_right(work.cores, static_cast<std::int64_t>(k), {}, Factoriser::svd);
    const double norm = frobenius(cut.values);
    values.push_back(norm > 0 ? cut.values / norm : cut.values);
  }
  return values;
}

}  // namespace ranklens::tn
