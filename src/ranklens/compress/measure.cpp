#include "ranklens/compress/measure.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "ranklens/compress/decompose_weight.h"
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

/// The least computed error of other forms that take no more numbers; dense is none of them.
double least_of_others(const std::vector<Candidate>& candidates, std::int64_t numbers) {
  double least = 1;
  for (const auto& other : candidates) {
    if (is_cp(other) || other.estimated || other.spec.is_dense() || other.parameters > numbers)
      continue;
    least = std::min(least, other.squared_error);
  }
  return least;
}

/// A number of terms whose error is computed: the error, and how many times that of other forms.
struct Computed {
  double error = 1, beside_others = 1;
};

std::map<std::int64_t, Computed> computed_terms(const std::vector<Candidate>& candidates) {
  std::map<std::int64_t, Computed> computed;
  for (const auto& one : candidates) {
    if (!is_cp(one) || one.estimated) continue;
    const double others = least_of_others(candidates, one.parameters);
    computed[one.spec.ranks[0]] = {one.squared_error, others > 0 ? one.squared_error / others : 1};
  }
  return computed;
}

/// Between computed ones on a line over the logarithm of the terms; beyond the last one as there.
double guess(const std::map<std::int64_t, Computed>& computed, std::int64_t terms,
             double of_others) {
  const auto above = computed.upper_bound(terms);
  if (above == computed.begin()) return above->second.error;
  const auto& [fewer, low] = *std::prev(above);
  if (above == computed.end()) return std::min(low.error, low.beside_others * of_others);
  const auto& [more, high] = *above;
  const auto logarithm = [](std::int64_t count) { return std::log(static_cast<double>(count)); };
  const double way = (logarithm(terms) - logarithm(fewer)) / (logarithm(more) - logarithm(fewer));
  const double ratio = low.beside_others + way * (high.beside_others - low.beside_others);
  return std::clamp(ratio * of_others, std::min(high.error, low.error), low.error);
}

}  // namespace

void estimate_terms(std::vector<Candidate>& candidates) {
  const auto computed = computed_terms(candidates);
  if (computed.empty()) return;
  for (auto& candidate : candidates) {
    if (!is_cp(candidate) || !candidate.estimated) continue;
    const double found =
        guess(computed, candidate.spec.ranks[0], least_of_others(candidates, candidate.parameters));
    candidate.squared_error = std::clamp(found, candidate.least, 1.0);
  }
}

void measure(const at::Tensor& dense, std::vector<Candidate>& candidates, std::size_t place) {
  auto& candidate = candidates[place];
  if (!candidate.estimated) return;
  const double error = is_cp(candidate) ? error_of_terms(dense, candidate.spec.ranks[0])
                                        : decompose_weight(dense, candidate.spec).error;
  candidate.squared_error = error * error;
  candidate.estimated = false;
  if (is_cp(candidate)) estimate_terms(candidates);
}

}  // namespace ranklens::compress
