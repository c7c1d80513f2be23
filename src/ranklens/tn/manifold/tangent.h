#pragma once

#include <complex>
#include <cstdint>
#include <vector>

#include "ranklens/tn/formats/cp.h"
#include "ranklens/tn/train/decompose.h"

// The manifold of tensor trains of fixed ranks, and its tangent spaces (Holtz, Rohwedder, Schneider
// 2012; Lubich, Oseledets, Vandereycken 2015; Steinlechner 2016). A TT matrix is the train with
// fused modes.
namespace ranklens::tn {

/// The tangent space at a point X = exp(log_scale) left[0] .. left[d-1] = .. right[0] ..
/// right[d-1]. A tangent vector is sum_k left[0..k-1] delta_k right[k+1..d-1] with left[k]^H
/// delta_k = 0 over (row rank, mode) for k < d - 1: so its parts are orthogonal to each other.
struct TangentSpace {
  std::vector<at::Tensor> left;   ///< left-orthogonal; the last one holds the norm of the point
  std::vector<at::Tensor> right;  ///< right-orthogonal; the first one holds the norm of the point
  double log_scale = 0;
};

/// exp(log_scale) times the vector with these parts. Belongs to the space that made it.
struct Tangent {
  std::vector<at::Tensor> deltas;  ///< [r, n, r'], in the gauge of its space
  double log_scale = 0;
};

/// Error if the point does not have full ranks (a Schmidt value below the precision, relative to
/// the largest): there the manifold has no tangent space; round the point first.
TangentSpace tangent_space(const TensorTrain& point);

/// The point of a space, its centre in the last core.
TensorTrain point(const TangentSpace& space);

/// sum r n r' - sum r^2, the dimension of the manifold.
std::int64_t dimension(const TangentSpace& space);

/// The orthogonal projection of a train of ranks s, by recursive environments: O(d n r s (r + s)).
Tangent project(const TangentSpace& space, const TensorTrain& z);
/// Of a dense tensor [n_1 .. n_d].
Tangent project(const TangentSpace& space, const at::Tensor& dense);
/// Of a sum of N rank-one tensors: O(d n r^2 N), never formed.
Tangent project(const TangentSpace& space, const CP& terms);
/// Of sum_k left[0..k-1] deltas[k] right[k+1..d-1] for any parts: what they are in the gauge.
/// Parts of an earlier core that lie along left[k] are not carried to the next one, so this is the
/// projection of gradients with respect to the parts (Novikov, Rakhuba, Oseledets 2022).
Tangent gauged(const TangentSpace& space, std::vector<at::Tensor> deltas);

Tangent operator+(const Tangent& a, const Tangent& b);
/// A complex factor needs complex parts.
Tangent operator*(std::complex<double> factor, const Tangent& a);

/// The inner product, which is the sum of those of the parts; conjugates its first argument.
at::Tensor dot(const Tangent& a, const Tangent& b);
double norm(const Tangent& a);

/// The vector as a train of ranks 2r: cores [delta U], [V 0; delta U], [V; delta].
TensorTrain as_train(const TangentSpace& space, const Tangent& tangent);

/// point + step * tangent, rounded to the ranks of the point: a retraction of second order; with
/// the cuts of the rounding.
Approximation retract(const TangentSpace& space, const Tangent& tangent, double step = 1);

/// The vector in another point's tangent space, by orthogonal projection.
Tangent transport(const TangentSpace& from, const Tangent& tangent, const TangentSpace& to);

}  // namespace ranklens::tn
