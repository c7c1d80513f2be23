#include "ranklens/tn/train/round.h"

#include <cmath>
#include <limits>

#include <ATen/TensorOperators.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/train/algebra.h"
#include "ranklens/tn/train/make.h"
#include "ranklens/tn/train/round_methods.h"

namespace ranklens::tn {
namespace rounding {

double relative_error(const std::vector<Cut>& cuts, double norm) {
  double squared = 0;
  for (const auto& cut : cuts) squared += cut.discarded * cut.discarded;
  return norm > 0 ? std::sqrt(squared) / norm : 0;
}

Approximation by_qr(const TensorTrain& train, const Bounds& bounds, Factoriser factoriser) {
  Approximation result{canonical(train, 0), 0, {}};
  auto& cores = result.train.cores;
  const double norm = frobenius(cores[0]);
  const auto bonds = static_cast<std::int64_t>(cores.size()) - 1;
  Budget budget{std::pow(bounds.eps * norm, 2), bonds};
  for (std::int64_t k = 0; k < bonds; ++k) {
    result.cuts.push_back(carry_right(cores, k, {budget.next(), bounds.ranks[k]}, factoriser));
    budget.spend(result.cuts.back().discarded);
  }
  result.train.centre = bonds;
  result.error = relative_error(result.cuts, norm);
  return result;
}

namespace {

Bounds bounds_of(const TensorTrain& train, const RoundOptions& options) {
  auto ranks = rank_bounds({options.eps, options.ranks}, shape(train));
  base::require(options.oversampling >= 0, "oversampling cannot be negative");
  for (std::size_t k = 0; k < train.cores.size(); ++k) {
    base::require(std::isfinite(frobenius(train.cores[k])),
                  "core {} of a tensor train holds NaN or infinite entries", k);
  }
  const double least = 4 * machine_epsilon(train.cores[0].scalar_type());
  return {std::max(options.eps, least), std::move(ranks)};
}

bool tracked(const std::vector<at::Tensor>& cores) {
  bool needed = false;
  for (const auto& core : cores) needed = needed || core.requires_grad();
  return needed;
}

/// Brings trains to one scale: each core to norm one, and what makes them differ over all of them.
/// Else parts of one train would vanish beside those of another before their sum is known.
void to_one_scale(std::vector<TensorTrain>& trains) {
  double scale = -std::numeric_limits<double>::infinity();
  for (auto& train : trains) {
    for (std::size_t k = 0; k < train.cores.size(); ++k) {
      normalise_core(train, static_cast<std::int64_t>(k));
    }
    train.centre = -1;
    scale = std::max(scale, train.log_scale);
  }
  for (auto& train : trains) {
    const double share = (train.log_scale - scale) / static_cast<double>(train.cores.size());
    for (auto& core : train.cores) core = share == 0 ? core : core * std::exp(share);
    train.log_scale = scale;
  }
}

}  // namespace
}  // namespace rounding

Approximation round(const TensorTrain& train, const RoundOptions& options) {
  check(train);
  const auto bounds = rounding::bounds_of(train, options);
  if (train.cores.size() == 1) return {train, 0, {}};
  std::optional<Approximation> found;
  if (rounding::tracked(train.cores)) {
    // Only the sweep of splits is differentiable.
  } else if (options.method == RoundMethod::gram) {
    found = rounding::by_gram(train, bounds);
  } else if (options.method == RoundMethod::randomised) {
    found = rounding::by_sketch({train}, bounds, options);
  }
  return found ? *std::move(found) : rounding::by_qr(train, bounds, options.factoriser);
}

MatrixApproximation round(const TTMatrix& matrix, const RoundOptions& options) {
  auto found = round(fused(matrix), options);
  return {split(found.train, row_modes(matrix), column_modes(matrix)), found.error,
          std::move(found.cuts)};
}

Approximation round_sum(const std::vector<TensorTrain>& trains,
                        const std::vector<std::complex<double>>& factors,
                        const RoundOptions& options) {
  base::require(!trains.empty() && trains.size() == factors.size(),
                "a sum of {} trains with {} factors", trains.size(), factors.size());
  std::vector<TensorTrain> terms;
  for (std::size_t j = 0; j < trains.size(); ++j) {
    check(trains[j]);
    base::require(shape(trains[j]) == shape(trains[0]),
                  "a sum needs trains of one shape, not {} and {}", text(shape(trains[0])),
                  text(shape(trains[j])));
    check_alike(trains[0].cores[0], trains[j].cores[0], "a sum");
    terms.push_back(factors[j] * trains[j]);
  }
  const auto bounds = rounding::bounds_of(terms[0], options);
  for (const auto& term : terms) rounding::bounds_of(term, options);
  if (terms.size() > 1) rounding::to_one_scale(terms);
  if (terms[0].cores.size() > 1) {
    if (auto found = rounding::by_sketch(terms, bounds, options)) return *std::move(found);
  }
  auto total = terms[0];
  for (std::size_t j = 1; j < terms.size(); ++j) total = total + terms[j];
  return total.cores.size() == 1 ? Approximation{total, 0, {}}
                                 : rounding::by_qr(total, bounds, options.factoriser);
}

}  // namespace ranklens::tn
