#include "ranklens/study/student_t.h"

#include <cmath>
#include <limits>
#include <numbers>

#include "ranklens/base/error.h"

namespace ranklens::study {
namespace {

// The continued fraction of I_x(a, b), evaluated from the front (Lentz 1976): converges fast for
// x < (a + 1) / (a + b + 2).
double beta_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  const auto guarded = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double c = 1;
  double d = 1 / guarded(1 - (a + b) * x / (a + 1));
  double fraction = d;
  for (int m = 1; m < 10000; ++m) {
    const double two_m = 2.0 * m;
    const double even = m * (b - m) * x / ((a + two_m - 1) * (a + two_m));
    d = 1 / guarded(1 + even * d);
    c = guarded(1 + even / c);
    fraction *= c * d;
    const double odd = -(a + m) * (a + b + m) * x / ((a + two_m) * (a + two_m + 1));
    d = 1 / guarded(1 + odd * d);
    c = guarded(1 + odd / c);
    fraction *= c * d;
    if (std::abs(c * d - 1) < 1e-16) break;
  }
  return fraction;
}

double log_density(double t, double degrees) {
  return std::lgamma((degrees + 1) / 2) - std::lgamma(degrees / 2) -
         std::log(degrees * std::numbers::pi) / 2 - (degrees + 1) / 2 * std::log1p(t * t / degrees);
}

// The t >= 0 with P(T > t) = tail, 0 < tail <= 1/2: Newton's steps on the logarithm of the tail,
// kept inside a bracket.
double upper_quantile(double tail, double degrees) {
  double low = 0;
  double high = 1;
  while (student_t_above(high, degrees) > tail) {
    low = high;
    high *= 2;
  }
  double t = (low + high) / 2;
  for (int step = 0; step < 200; ++step) {
    const double above = student_t_above(t, degrees);
    (above > tail ? low : high) = t;
    const double slope = -std::exp(log_density(t, degrees)) / above;
    double next = t - std::log(above / tail) / slope;
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (std::abs(next - t) <= 1e-15 * t) return next;
    t = next;
  }
  return t;
}

}  // namespace

double incomplete_beta(double a, double b, double x) {
  base::require(a > 0 && b > 0 && x >= 0 && x <= 1,
                "the incomplete beta function is not defined for a = {}, b = {}, x = {}", a, b, x);
  if (x == 0 || x == 1) return x;
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double student_t_above(double t, double degrees) {
  base::require(degrees > 0, "Student's t needs a positive number of degrees of freedom, got {}",
                degrees);
  // Near 0 the distance to one half is the small quantity, far out the tail itself.
  const double half = t * t < 1
                          ? 0.5 - incomplete_beta(0.5, degrees / 2, t * t / (degrees + t * t)) / 2
                          : incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t)) / 2;
  return t >= 0 ? half : 1 - half;
}

double student_t_quantile(double probability, double degrees) {
  base::require(probability > 0 && probability < 1,
                "the probability of a quantile must lie in (0, 1), got {}", probability);
  base::require(degrees > 0 && std::isfinite(degrees),
                "Student's t needs a positive number of degrees of freedom, got {}", degrees);
  if (probability == 0.5) return 0;
  if (probability < 0.5) return -upper_quantile(probability, degrees);
  return upper_quantile(1 - probability, degrees);
}

}  // namespace ranklens::study
