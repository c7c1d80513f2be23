#pragma once

namespace ranklens::study {

/// Regularised incomplete beta function I_x(a, b) for a, b > 0 and x in [0, 1], by its continued
/// fraction (DLMF 8.17.22), to about 1e-14.
double incomplete_beta(double a, double b, double x);

/// P(T > t) of Student's t with `degrees` > 0 degrees of freedom (need not be whole).
double student_t_above(double t, double degrees);

/// The t with P(T <= t) = probability, for a probability in (0, 1). Errors: a probability or
/// degrees outside their range.
double student_t_quantile(double probability, double degrees);

}  // namespace ranklens::study
