#include "ranklens/explain/quadrature.h"

#include <cmath>
#include <numbers>

#include "ranklens/base/error.h"

namespace ranklens::explain {
namespace {

// Value and slope of the Legendre polynomial of degree n at x, |x| < 1, by Bonnet's recurrence.
std::pair<double, double> legendre(std::int64_t n, double x) {
  double before = 1;
  double here = x;
  for (std::int64_t k = 2; k <= n; ++k) {
    const auto d = static_cast<double>(k);
    const double next = ((2 * d - 1) * x * here - (d - 1) * before) / d;
    before = here;
    here = next;
  }
  const auto d = static_cast<double>(n);
  return {here, d * (x * here - before) / (x * x - 1)};
}

/// Its points take count^2 operations, and for more than this nobody needs it.
constexpr std::int64_t kMostOfGauss = 10'000;

Rule gauss_legendre(std::int64_t count) {
  base::require(count <= kMostOfGauss,
                "Gauss and Legendre's rule has at most {} points here, not {}", kMostOfGauss,
                count);
  Rule rule;
  const auto n = static_cast<double>(count);
  for (std::int64_t i = count; i >= 1; --i) {
    // Newton's method from Tricomi's first approximation of the i-th root.
    double x = std::cos(std::numbers::pi * (static_cast<double>(i) - 0.25) / (n + 0.5));
    double slope = 1;
    for (int step = 0; step < 20; ++step) {
      const auto [value, derivative] = legendre(count, x);
      slope = derivative;
      const double change = value / derivative;
      x -= change;
      if (std::abs(change) < 1e-16) break;
    }
    rule.points.push_back((1 + x) / 2);
    rule.weights.push_back(1 / ((1 - x * x) * slope * slope));
  }
  return rule;
}

}  // namespace

Rule quadrature(Quadrature kind, std::int64_t count) {
  base::require(count > 0, "a quadrature rule needs at least one point, got {}", count);
  if (kind == Quadrature::gauss_legendre) return gauss_legendre(count);
  if (count == 1) return {{1}, {1}};
  const auto n = static_cast<double>(count);
  Rule rule;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto k = static_cast<double>(i);
    const bool at_end = i == 0 || i == count - 1;
    rule.points.push_back(kind == Quadrature::right ? (k + 1) / n : k / (n - 1));
    rule.weights.push_back(kind == Quadrature::trapezoid ? (at_end ? 0.5 : 1) / (n - 1) : 1 / n);
  }
  return rule;
}

}  // namespace ranklens::explain
