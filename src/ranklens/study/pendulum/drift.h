#pragma once

#include <vector>

namespace ranklens::study::pendulum {

/// The exact flow of the best rank-one matrix of a cloud with singular values s1 >= s2 that is
/// turned as a whole: Y = q u v^T with u = (cos a, sin a) on the left singular vectors and v at the
/// angle phi + b, where phi is what the cloud has turned by. It is what every integrator tends to
/// as its steps shrink.
struct RankOne {
  double a = 0, b = 0, q = 0;
};

/// At the angles phi[0] = 0, phi[1], ..., by the classical Runge-Kutta method in parts of at most a
/// thousandth of a radian, of
///   a' = -(s1 sin a sin b + s2 cos a cos b) / q,
///   b' = (s1 cos a cos b + s2 sin a sin b) / q - 1,
///   q' = s1 cos a sin b - s2 sin a cos b,          ' = d/dphi.
std::vector<RankOne> rank_one_flow(double s1, double s2, const std::vector<double>& phi);

/// ||diag(s1, s2) - q (cos a, sin a) (cos b, sin b)^T||_F.
double flow_error(double s1, double s2, const RankOne& at);

}  // namespace ranklens::study::pendulum
