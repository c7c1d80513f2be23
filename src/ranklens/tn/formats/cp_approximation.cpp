#include "ranklens/tn/formats/cp_approximation.h"

#include <algorithm>
#include <optional>

#include <ATen/TensorOperators.h>
#include <c10/util/accumulate.h>
#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/formats/cp_als.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::tn {
namespace {

constexpr double kResolved = 1e-7;

/// Runs of cp_als on one tensor.
class TermSearch {
 public:
  TermSearch(const at::Tensor& dense, const CPOptions& options)
      : dense_(dense), options_(options), norm_(frobenius(dense)) {}

  /// The first start that comes within `eps`, or the better one.
  CPApproximation best(std::int64_t rank, double eps) {
    std::optional<CPApproximation> best;
    for (const auto start : {CPStart::hosvd, CPStart::random}) {
      const auto note = fmt::format("{} {}", rank, rank == 1 ? "term" : "terms");
      base::report(options_.progress, {.stage = "least squares in turns",
                                       .done = static_cast<double>(runs_++),
                                       .unit = "runs",
                                       .note = note});
      auto found = run(rank, start);
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
  CPApproximation run(std::int64_t rank, CPStart start) const {
    // Sweeps that gain less than a ten thousandth of eps are not worth their time.
    auto found = cp_als(dense_, {.rank = rank,
                                 .max_sweeps = options_.max_sweeps,
                                 .tolerance = std::clamp(1e-4 * options_.close.eps, 1e-8, 1e-6),
                                 .start = start,
                                 .seed = options_.seed});
    const double error = norm_ > 0 ? frobenius(full(found.value) - dense_) / norm_ : 0;
    return {std::move(found.value), error, found.degenerate};
  }

  const at::Tensor& dense_;
  const CPOptions& options_;
  const double norm_;
  int runs_ = 0;
};

std::int64_t always_enough(at::IntArrayRef sizes) {
  return c10::multiply_integers(sizes) / *std::max_element(sizes.begin(), sizes.end());
}

}  // namespace

std::int64_t most_terms(at::IntArrayRef sizes) {
  std::int64_t freedom = 1;
  for (const auto n : sizes) freedom += n - 1;
  const auto numbers = c10::multiply_integers(sizes);
  return std::min(always_enough(sizes), 2 * ((numbers + freedom - 1) / freedom));
}

CPApproximation approximate_cp(const at::Tensor& dense, const CPOptions& options) {
  check_values(dense, "the tensor to decompose");
  base::require(dense.dim() > 0, "a single number has no modes to decompose");
  const auto& [eps, ranks, factoriser] = options.close;
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
  TermSearch search(dense, options);
  const auto limit =
      ranks.empty() ? most_terms(dense.sizes()) : std::min(ranks[0], always_enough(dense.sizes()));
  if (eps == 0) return search.best(limit, kResolved);
  auto found = search.fewest(limit, eps);
  base::require(found.error <= eps || !ranks.empty(),
                "no sum of up to {} rank-one tensors was found within {} of the array (the last "
                "came to {:.3g}); ask for a larger eps, for a rank, or for another format",
                limit, eps, found.error);
  return found;
}

}  // namespace ranklens::tn
