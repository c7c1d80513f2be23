#include "ranklens/tn/formats/cp_approximation.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>

#include <ATen/TensorOperators.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/real.h>
#include <ATen/ops/tensor.h>
#include <c10/util/accumulate.h>
#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/base/random.h"
#include "ranklens/tn/formats/alternation.h"
#include "ranklens/tn/formats/cp_algebra.h"
#include "ranklens/tn/formats/to_train.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/linalg/sketch.h"
#include "ranklens/tn/train/algebra.h"
#include "ranklens/tn/train/rank_bounds.h"

namespace ranklens::tn {
namespace {

constexpr double kResolved = 1e-7;

/// One run of alternating least squares: so many terms, from the first or the second start.
using TermRun = std::function<CPApproximation(std::int64_t rank, CPStart start)>;

/// Runs for one tensor.
class TermSearch {
 public:
  TermSearch(TermRun run, const base::Progress& progress)
      : run_(std::move(run)), progress_(progress) {}

  /// The first start that comes within `eps`, or the better one.
  CPApproximation best(std::int64_t rank, double eps) {
    std::optional<CPApproximation> best;
    for (const auto start : {CPStart::hosvd, CPStart::random}) {
      const auto note = fmt::format("{} {}", rank, rank == 1 ? "term" : "terms");
      base::report(progress_, {.stage = "least squares in turns",
                               .done = static_cast<double>(runs_++),
                               .unit = "runs",
                               .note = note});
      auto found = run_(rank, start);
      if (!best || found.error < best->error) best = std::move(found);
      if (best->error <= eps) break;
    }
    return *best;
  }

  /// Fewest terms within eps, or nothing and what `limit` terms gave.
  CPApproximation fewest(std::int64_t limit, double eps) {
    std::int64_t few = 0, enough = 1;  // few: too few
    auto found = best(enough, eps);
    while (found.error > eps && enough < limit) {
      few = enough;
      enough = std::min(2 * enough, limit);
      found = best(enough, eps);
    }
    while (found.error <= eps && enough - few > 1) {
      const auto middle = few + (enough - few) / 2;
      auto tried = best(middle, eps);
      if (tried.error <= eps) {
        enough = middle;
        found = std::move(tried);
      } else {
        few = middle;
      }
    }
    return found;
  }

 private:
  TermRun run_;
  const base::Progress& progress_;
  int runs_ = 0;
};

/// Sweeps that gain less than a ten thousandth of eps are not worth their time.
CPALSOptions run_options(const CPOptions& options, std::int64_t rank, CPStart start) {
  return {.rank = rank,
          .max_sweeps = options.max_sweeps,
          .tolerance = std::clamp(1e-4 * options.close.eps, 1e-8, 1e-6),
          .start = start,
          .seed = options.seed};
}

CPApproximation measured(CPALS found, double error) {
  // The fit is a difference of squares: below the root of the precision it only trembles.
  const double trembling = 2 * std::sqrt(machine_epsilon(found.value.factors[0].scalar_type()));
  return {std::move(found.value), error, found.degenerate, found.converged || error <= trembling,
          static_cast<std::int64_t>(found.fits.size())};
}

/// Error unless least squares in turns can be as close, with ranks that tensors of these sizes can
/// have.
void check_closeness(const Closeness& closeness, const Shape& sizes) {
  const auto& [eps, ranks, factoriser] = closeness;
  base::require(ranks.size() <= 1,
                "a sum of rank-one tensors has one rank, the number of its "
                "terms, but {} are given",
                ranks.size());
  base::require(eps == 0 || eps >= kResolved,
                "least squares in turns resolve errors down to {}; ask for no smaller eps than "
                "that, or for a rank, not for {}",
                kResolved, eps);
  base::require(eps != 0 || !ranks.empty(),
                "least squares in turns reach no eps of 0: ask for {} or more, or for a rank",
                kResolved);
  if (!ranks.empty()) require_terms(ranks[0], sizes);
}

/// The distance of two sums of rank-one tensors, relative to the first: from Gram matrices, or
/// where these resolve too little, by orthogonalising the train of the difference.
double distance(const CP& cp, const CP& other, double norm_of_first) {
  const at::TensorOptions wide(widened(cp.factors[0].scalar_type()));
  const auto difference = to(cp, wide) - to(other, wide);
  const double by_grams = norm(difference) / norm_of_first;
  const double terms = frobenius(difference.weights) / norm_of_first;
  return by_grams > 1e-6 * terms ? by_grams : norm(from_cp(difference)) / norm_of_first;
}

/// The product of a sum of rank-one tensors with all factors of `state` but one, [terms, n_mode].
at::Tensor product_without(const CP& cp, const Alternation& state, std::size_t mode) {
  auto weights = cp.weights.unsqueeze(0);
  for (std::size_t k = 0; k < cp.factors.size(); ++k)
    if (k != mode) weights = weights * at::mm(state.rows()[k].conj(), cp.factors[k]);
  return at::mm(weights.to(cp.factors[mode].scalar_type()), cp.factors[mode].t());
}

/// The terms that Cholesky's factorisation of their Gram matrix with pivots takes first: large ones
/// that do not lie along each other.
at::Tensor leading_terms(const CP& cp, std::int64_t count) {
  const auto wide = widened(cp.factors[0].scalar_type());
  const auto weights = cp.weights.to(wide);
  auto gram = weights.unsqueeze(1) * weights;
  for (const auto& factor : cp.factors) gram = gram * at::mm(factor.to(wide).mH(), factor.to(wide));
  std::vector<std::int64_t> taken;
  auto left = at::real(gram.diagonal()).clone();
  for (std::int64_t k = 0; k < count; ++k) {
    taken.push_back(left.argmax().item<std::int64_t>());
    const double pivot = left[taken.back()].item<double>();
    if (pivot > 0) {
      const auto column = gram.select(1, taken.back()) / std::sqrt(pivot);
      gram = gram - column.unsqueeze(1) * column.conj();
    }
    left = at::real(gram.diagonal()).clone();
    for (const auto one : taken) left[one].fill_(-std::numeric_limits<double>::infinity());
  }
  return at::tensor(taken, at::kLong).to(cp.weights.device());
}

/// Where to begin with fewer terms: some of the present ones, or normal entries.
std::vector<at::Tensor> fewer_rows(const CP& cp, const CPALSOptions& options) {
  std::vector<at::Tensor> rows;
  const base::Stream stream(options.seed, "init", "cp");
  const auto own = leading_terms(cp, options.rank);
  for (std::size_t k = 0; k < cp.factors.size(); ++k) {
    const auto& factor = cp.factors[k];
    auto draws = stream.child("mode", k);
    rows.push_back(options.start == CPStart::hosvd
                       ? factor.index_select(1, own).t().contiguous()
                       : gaussian(draws, {options.rank, factor.size(0)}, factor.options()));
  }
  return rows;
}

CPApproximation fewer_terms(const CP& cp, double norm_of_all, const CPALSOptions& options) {
  Alternation state(fewer_rows(cp, options), options, norm_of_all);
  auto found = alternate(state, options, [&] {
    for (std::size_t k = 0; k < cp.factors.size(); ++k)
      state.update(k, product_without(cp, state, k));
  });
  const double error = distance(cp, found.value, norm_of_all);
  return measured(std::move(found), error);
}

}  // namespace

std::int64_t most_terms(at::IntArrayRef sizes) {
  std::int64_t freedom = 1;
  for (const auto n : sizes) freedom += n - 1;
  const auto numbers = c10::multiply_integers(sizes);
  return std::min(enough_terms(sizes.vec()), 2 * ((numbers + freedom - 1) / freedom));
}

CPApproximation approximate_cp(const at::Tensor& dense, const CPOptions& options) {
  check_values(dense, "the tensor to decompose");
  base::require(dense.dim() > 0, "a single number has no modes to decompose");
  const auto& [eps, ranks, factoriser] = options.close;
  check_closeness(options.close, dense.sizes().vec());
  const double norm = frobenius(dense);
  TermSearch search(
      [&](std::int64_t rank, CPStart start) {
        auto found = cp_als(dense, run_options(options, rank, start));
        const double error = norm > 0 ? frobenius(full(found.value) - dense) / norm : 0;
        return measured(std::move(found), error);
      },
      options.progress);
  const auto limit = ranks.empty() ? most_terms(dense.sizes()) : ranks[0];
  if (eps == 0) return search.best(limit, kResolved);
  auto found = search.fewest(limit, eps);
  base::require(found.error <= eps || !ranks.empty(),
                "no sum of up to {} rank-one tensors was found within {} of the array (the last "
                "came to {:.3g}); ask for a larger eps, for a rank, or for another format",
                limit, eps, found.error);
  return found;
}

CPApproximation round(const CP& given, const CPOptions& options) {
  check(given);
  for (const auto& factor : given.factors) check_values(factor, "a factor to round");
  const auto cp = normalised(given);
  check_closeness(options.close, shape(cp));
  const auto& [eps, ranks, factoriser] = options.close;
  const double size = norm(cp);
  CPApproximation whole{.value = cp, .converged = true};
  const auto limit = ranks.empty() ? rank(cp) : std::min(ranks[0], rank(cp));
  if (size == 0 || (eps == 0 && limit == rank(cp))) return whole;
  TermSearch search(
      [&](std::int64_t terms, CPStart start) {
        if (terms == rank(cp)) return whole;
        return fewer_terms(cp, size, run_options(options, terms, start));
      },
      options.progress);
  return eps == 0 ? search.best(limit, kResolved) : search.fewest(limit, eps);
}

}  // namespace ranklens::tn
