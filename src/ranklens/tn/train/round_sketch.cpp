#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_cholesky_ex.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/linalg_solve_triangular.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/real.h>

#include "ranklens/tn/linalg/few_rows.h"
#include "ranklens/tn/linalg/kernels.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/linalg/sketch.h"
#include "ranklens/tn/train/algebra.h"
#include "ranklens/tn/train/round_methods.h"

namespace ranklens::tn::rounding {
namespace {

using Environments = std::vector<std::vector<at::Tensor>>;  // [bond][term]: [rank of term, width]

at::Tensor rows_in(const at::Tensor& core) { return core.reshape({-1, core.size(2)}); }
at::Tensor columns_in(const at::Tensor& core) { return core.reshape({core.size(0), -1}); }

/// Divides all by their joint norm; returns its logarithm.
double normalise_jointly(std::vector<at::Tensor>& tensors) {
  double squared = 0;
  for (const auto& tensor : tensors) squared += std::pow(frobenius(tensor), 2);
  if (!(squared > 0)) return 0;
  for (auto& tensor : tensors) tensor = tensor / std::sqrt(squared);
  return 0.5 * std::log(squared);
}

/// The right parts of all terms, contracted with the cores of a train that are given as matrices
/// [n width', width]: widths are few, the products those of `times_columns`.
Environments right_parts(const std::vector<TensorTrain>& terms,
                         const std::vector<at::Tensor>& probes) {
  const auto d = probes.size();
  Environments parts(d);
  std::vector<at::Tensor> now(terms.size(), at::ones({1, 1}, probes[d - 1].options()));
  for (auto k = d - 1; k > 0; --k) {
    for (std::size_t j = 0; j < terms.size(); ++j) {
      const auto& core = terms[j].cores[k];
      const auto joined = times_columns(rows_in(core), now[j]).reshape({core.size(0), -1});
      now[j] = times_columns(joined, probes[k]);
    }
    normalise_jointly(now);
    parts[k - 1] = now;
  }
  return parts;
}

/// A random train of these widths, but for its first core, which is never asked for: matrices
/// [n width', width]. Its entries need not be of any given size.
std::vector<at::Tensor> random_probes(const TensorTrain& like, const Shape& widths,
                                      std::uint64_t seed) {
  const auto d = like.cores.size();
  std::vector<at::Tensor> probes(d);
  base::Stream stream(seed, "noise", "tn.round");
  for (std::size_t k = 1; k < d; ++k) {
    const auto right = k + 1 == d ? 1 : widths[k];
    probes[k] =
        uniform(stream, {like.cores[k].size(1) * right, widths[k - 1]}, like.cores[0].options());
  }
  return probes;
}

/// Columns of the same range, orthonormal up to the square of their condition, by the Cholesky
/// factor of their Gram matrix; nothing where that is too far from well-conditioned.
std::optional<at::Tensor> by_cholesky(const at::Tensor& columns) {
  const auto [factor, info] = at::linalg_cholesky_ex(at::mm(columns.mH(), columns));
  if (info.item<int>() != 0) return std::nullopt;
  const auto diagonal = factor.diagonal().abs();
  const double least = 1e2 * std::sqrt(machine_epsilon(columns.scalar_type()));
  if (!(diagonal.min() > least * diagonal.max()).item<bool>()) return std::nullopt;
  return at::linalg_solve_triangular(factor.mH(), columns, true, false);
}

/// Orthonormal columns of the same range. Two steps by Cholesky factors are orthonormal to the last
/// digit (Yamamoto, Nakatsukasa, Yanagisawa, Fukaya 2015) and, being products of matrices, take a
/// third of the time of QR; one serves for a basis that need not be so precise.
at::Tensor range_of(const at::Tensor& columns, bool precise) {
  auto found = by_cholesky(columns);
  if (found && precise) found = by_cholesky(*found);
  return found ? *found : std::get<0>(at::linalg_qr(columns, "reduced"));
}

/// A projection of the sum, and the left parts of all terms as its bases show them:
/// left[bond][term] [width, rank of term].
struct Projection {
  TensorTrain train;
  Environments left;
};

/// The sum of the terms, projected from the left on what the right parts show of it; its cores are
/// left-orthogonal (if `precise`), the last one is the centre.
Projection project(const std::vector<TensorTrain>& terms, const Environments& parts, bool precise) {
  const auto d = terms[0].cores.size();
  double scale = terms[0].log_scale;
  for (const auto& term : terms) scale = std::max(scale, term.log_scale);
  std::vector<at::Tensor> left;
  for (const auto& term : terms) {
    left.push_back(term.cores[0] * std::exp(term.log_scale - scale));
  }
  TensorTrain result{{}, static_cast<std::int64_t>(d) - 1, scale};
  Environments lefts(d - 1);
  for (std::size_t k = 0; k + 1 < d; ++k) {
    at::Tensor seen;
    for (std::size_t j = 0; j < terms.size(); ++j) {
      const auto part = times_columns(rows_in(left[j]), parts[k][j]);
      seen = seen.defined() ? seen + part : part;
    }
    const auto q = range_of(seen, precise);
    const auto rank = q.size(1);
    result.cores.push_back(q.reshape({left[0].size(0), left[0].size(1), rank}));
    lefts[k].resize(terms.size());
    for (std::size_t j = 0; j < terms.size(); ++j) {
      const auto& next = terms[j].cores[k + 1];
      lefts[k][j] = at::mm(q.mH(), rows_in(left[j]));
      left[j] = at::mm(lefts[k][j], columns_in(next)).reshape({rank, next.size(1), next.size(2)});
    }
    result.log_scale += normalise_jointly(left);
  }
  auto last = left[0];
  for (std::size_t j = 1; j < left.size(); ++j) last = last + left[j];
  result.cores.push_back(last);
  return {std::move(result), std::move(lefts)};
}

/// The sum of the terms, projected from the right on what the left parts show of it: a step of
/// subspace iteration after `project`. Its cores are right-orthogonal, the first is the centre.
TensorTrain project_back(const std::vector<TensorTrain>& terms, const Environments& parts) {
  const auto d = terms[0].cores.size();
  double scale = terms[0].log_scale;
  for (const auto& term : terms) scale = std::max(scale, term.log_scale);
  // The terms' own scales come in at the last core; parts[.][j] hold them already.
  std::vector<at::Tensor> right;
  for (const auto& term : terms) right.push_back(term.cores[d - 1]);
  TensorTrain result{std::vector<at::Tensor>(d), 0, scale};
  for (auto k = d - 1; k > 0; --k) {
    at::Tensor seen;
    for (std::size_t j = 0; j < terms.size(); ++j) {
      const auto part = at::mm(parts[k - 1][j], columns_in(right[j]));
      seen = seen.defined() ? seen + part : part;
    }
    const auto q = range_of(seen.mH(), true);
    const auto rank = q.size(1);
    result.cores[k] = q.mH().reshape({rank, right[0].size(1), right[0].size(2)});
    for (std::size_t j = 0; j < terms.size(); ++j) {
      const auto& next = terms[j].cores[k - 1];
      const auto joined = times_columns(columns_in(right[j]), q);
      right[j] = times_columns(rows_in(next), joined).reshape({next.size(0), next.size(1), rank});
    }
    result.log_scale += normalise_jointly(right);
  }
  for (std::size_t j = 0; j < terms.size(); ++j) {
    const auto share = right[j] * std::exp(terms[j].log_scale - scale);
    result.cores[0] = j == 0 ? share : result.cores[0] + share;
  }
  return result;
}

/// log of the squared norm of the sum.
double log_squared_norm(const std::vector<TensorTrain>& terms) {
  double scale = -std::numeric_limits<double>::infinity();
  std::vector<std::pair<double, double>> parts;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    for (std::size_t j = i; j < terms.size(); ++j) {
      const auto found = dot_scaled(terms[i], terms[j]);
      const double real =
          (found.unit.is_complex() ? at::real(found.unit) : found.unit).item<double>();
      parts.emplace_back(i == j ? real : 2 * real, found.log_scale);
      scale = std::max(scale, found.log_scale);
    }
  }
  double sum = 0;
  for (const auto& [unit, log] : parts) sum += unit * std::exp(log - scale);
  return scale + std::log(std::max(sum, 0.0));
}

/// Truncates from the centre, at either end, to the other end; returns the cuts.
std::vector<Cut> truncate(TensorTrain& train, const Bounds& bounds, double eps) {
  const auto bonds = static_cast<std::int64_t>(train.cores.size()) - 1;
  if (eps == 0 && ranks(train) == bounds.ranks) {  // nothing to cut
    normalise_core(train, train.centre);
    std::vector<Cut> none;
    for (std::int64_t bond = 0; bond < bonds; ++bond)
      none.push_back({bond, bounds.ranks[bond], 0, {}, {}});
    return none;
  }
  const bool leftwards = train.centre == bonds;
  normalise_core(train, train.centre);
  Budget budget{eps * eps, bonds};
  std::vector<Cut> cuts;
  for (std::int64_t i = 0; i < bonds; ++i) {
    const auto bond = leftwards ? bonds - 1 - i : i;
    const Truncation truncation{budget.next(), bounds.ranks[bond]};
    cuts.push_back(leftwards ? carry_left(train.cores, bond, truncation)
                             : carry_right(train.cores, bond, truncation));
    budget.spend(cuts.back().discarded);
  }
  if (leftwards) std::reverse(cuts.begin(), cuts.end());
  train.centre = leftwards ? 0 : bonds;
  return cuts;
}

/// Bounds that the modes allow, and whether any is below the ranks of the sum.
Shape allowed_ranks(const std::vector<TensorTrain>& terms, const Shape& bounds) {
  const auto modes = shape(terms[0]);
  auto ranks = bounds;
  std::int64_t left = 1, right = 1;
  for (std::size_t k = 0; k < ranks.size(); ++k) {
    left = ranks[k] = std::min(ranks[k], left * modes[k]);
  }
  for (auto k = ranks.size(); k > 0; --k) {
    right = ranks[k - 1] = std::min(ranks[k - 1], right * modes[k]);
  }
  return ranks;
}

Shape total_ranks(const std::vector<TensorTrain>& terms) {
  auto total = ranks(terms[0]);
  for (std::size_t j = 1; j < terms.size(); ++j) {
    const auto more = ranks(terms[j]);
    for (std::size_t k = 0; k < total.size(); ++k) total[k] += more[k];
  }
  return total;
}

struct Attempt {
  const std::vector<TensorTrain>& terms;
  const Bounds& bounds;
  const RoundOptions& options;
  double log_squared = 0;  // of the sum's norm, where known

  double relative_error_of(const TensorTrain& projection) const {
    const double log_kept =
        2 * (projection.log_scale + std::log(frobenius(projection.cores[projection.centre])));
    return std::sqrt(std::max(0.0, -std::expm1(log_kept - log_squared)));
  }

  /// Within eps: what is left of it goes to a truncating sweep.
  std::optional<Approximation> within(const Shape& widths) const {
    auto train = project(terms, sketched(widths), true).train;
    const double error = relative_error_of(train);
    if (error > bounds.eps) return std::nullopt;
    const double rest = std::sqrt(bounds.eps * bounds.eps - error * error);
    Approximation result{std::move(train), 0, {}};
    result.cuts = truncate(result.train, bounds, rest);
    result.error = std::hypot(error, relative_error(result.cuts, 1));
    return result;
  }

  /// To the given ranks: what the sketch found from the left is the probe of a second pass.
  Approximation to_ranks(const Shape& ranks, const Shape& widths) const {
    const auto found = project(terms, sketched(widths), false);
    Approximation result{project_back(terms, found.left), -1, {}};
    result.cuts = truncate(result.train, {0, ranks}, 0);
    if (options.certify || options.eps > 0) result.error = relative_error_of(result.train);
    return result;
  }

  Environments sketched(const Shape& widths) const {
    return right_parts(terms, random_probes(terms[0], widths, options.seed));
  }
};

}  // namespace

std::optional<Approximation> by_sketch(const std::vector<TensorTrain>& terms, const Bounds& bounds,
                                       const RoundOptions& options) {
  const auto allowed = allowed_ranks(terms, bounds.ranks);
  const auto total = total_ranks(terms);
  const auto widest = *std::max_element(total.begin(), total.end());
  const auto target = *std::max_element(allowed.begin(), allowed.end());
  const bool checks = bounds.eps >= kernels::gram_floor;
  Attempt attempt{terms, bounds, options};
  if (checks || options.certify) attempt.log_squared = log_squared_norm(terms);
  if (checks && !std::isfinite(attempt.log_squared)) return std::nullopt;
  const bool bounded = !options.ranks.empty() && 4 * target <= 3 * widest;
  for (std::int64_t width = checks ? 16 : target;; width *= 2) {
    const bool last = width >= target;
    if (last ? !bounded : 2 * width > widest) return std::nullopt;
    Shape ranks = allowed, widths;
    for (auto& rank : ranks) rank = std::min(rank, width);
    for (const auto rank : ranks) widths.push_back(rank + options.oversampling);
    if (checks) {
      if (auto found = attempt.within(widths)) return found;
    }
    if (last) return attempt.to_ranks(ranks, widths);
  }
}

}  // namespace ranklens::tn::rounding
