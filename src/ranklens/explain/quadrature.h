#pragma once

#include <cstdint>
#include <vector>

#include "ranklens/explain/names.h"

namespace ranklens::explain {

/// Ways to integrate over [0,1] with n points.
enum class Quadrature {
  gauss_legendre,  ///< exact for polynomials of degree 2n - 1
  trapezoid,       ///< n points from 0 to 1, the ends half
  right,           ///< 1/n, 2/n, ..., 1, each 1/n (Sundararajan et al. 2017, equation 3)
  ends             ///< n points from 0 to 1, each 1/n
};

inline constexpr Name<Quadrature> kQuadratureNames[] = {
    {"gauss_legendre", Quadrature::gauss_legendre},
    {"trapezoid", Quadrature::trapezoid},
    {"right", Quadrature::right},
    {"ends", Quadrature::ends}};

struct Rule {
  std::vector<double> points;
  std::vector<double> weights;  ///< sum to 1
};

/// Error for more than 10,000 points of gauss_legendre. With one point: the middle for
/// gauss_legendre, the end 1 for the others.
Rule quadrature(Quadrature kind, std::int64_t count);

}  // namespace ranklens::explain
