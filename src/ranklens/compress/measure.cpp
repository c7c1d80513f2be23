#include "ranklens/compress/measure.h"

#include <algorithm>
#include <map>

#include <ATen/ops/linalg_svdvals.h>

#include "ranklens/compress/decompose_weight.h"
#include "ranklens/compress/rank_path.h"
#include "ranklens/tn/formats/cp_als.h"

namespace ranklens::compress {
namespace {

using Format = nn::WeightSpec::Format;

bool is_cp(const Candidate& candidate) { return candidate.spec.format == Format::cp; }

/// Of the fit that a few sweeps reach.
double error_of_terms(const at::Tensor& dense, std::int64_t rank) {
  const auto found =
      tn::cp_als(dense.to(at::kDouble),
                 {.rank = rank, .max_sweeps = 10, .tolerance = 1e-5, .start = tn::CPStart::hosvd});
  return 1 - found.fits.back();
}

/// Errors by the number of terms, of those computed; no term at all keeps nothing.
std::map<std::int64_t, double> computed_terms(const std::vector<Candidate>& candidates) {
  std::map<std::int64_t, double> computed{{0, 1}};
  for (const auto& candidate : candidates) {
    if (is_cp(candidate) && !candidate.estimated)
      computed[candidate.spec.ranks[0]] = candidate.squared_error;
  }
  return computed;
}

using Computed = std::map<std::int64_t, double>;

/// Where the line through two computed errors is at so many terms.
double on_line(Computed::const_iterator one, Computed::const_iterator other, std::int64_t terms) {
  const double slope =
      (other->second - one->second) / static_cast<double>(other->first - one->first);
  return one->second + slope * static_cast<double>(terms - one->first);
}

/// What the error is at least, if each term gains no more than the one before it: a convex function
/// lies above the lines through two of its points on one side, and falls.
double least_error(const Computed& computed, std::int64_t terms) {
  const auto above = computed.upper_bound(terms), below = std::prev(above);
  double least = above == computed.end() ? 0 : above->second;
  if (below != computed.begin()) least = std::max(least, on_line(std::prev(below), below, terms));
  if (above != computed.end() && std::next(above) != computed.end())
    least = std::max(least, on_line(above, std::next(above), terms));
  return least;
}

}  // namespace

void estimate_terms(const at::Tensor& dense, std::vector<Candidate>& candidates) {
  const auto computed = computed_terms(candidates);
  if (computed.size() < 2) return;
  const auto exact = dense.to(at::kDouble);
  // Every unfolding of so many terms has at most that rank.
  const Tails tails(
      {at::linalg_svdvals(exact.flatten(1)), at::linalg_svdvals(exact.transpose(0, 1).flatten(1))});
  for (auto& candidate : candidates) {
    if (!is_cp(candidate) || !candidate.estimated) continue;
    const auto terms = candidate.spec.ranks[0];
    candidate.squared_error =
        std::clamp(least_error(computed, terms), tails.most_behind({terms, terms}), 1.0);
  }
}

void measure(const at::Tensor& dense, std::vector<Candidate>& candidates, std::size_t place) {
  auto& candidate = candidates[place];
  if (!candidate.estimated) return;
  const double error = is_cp(candidate) ? error_of_terms(dense, candidate.spec.ranks[0])
                                        : decompose_weight(dense, candidate.spec).error;
  candidate.squared_error = error * error;
  candidate.estimated = false;
  if (is_cp(candidate)) estimate_terms(dense, candidates);
}

}  // namespace ranklens::compress
