#pragma once

#include <vector>

#include "ranklens/base/random.h"
#include "ranklens/tn/manifold/tangent.h"

// Growing the ranks of a train: the gradient holds directions that no tangent vector has, two
// neighbouring cores at a time. Stepping along the leading ones raises the ranks where that lowers
// the loss fastest (Uschmajew and Vandereycken 2015 for matrices; for linear systems these are the
// residual's directions of Dolgov and Savostyanov 2014). They are found by differentiating the
// point with more blocks in its cores, as its tangent gradient is; the merged gradient of two cores
// [r n, n' r''] is never formed.
namespace ranklens::optim {

/// A vector orthogonal to the tangent space: the sum over bonds k of left[0..k-1] a[k] b[k]
/// right[k+2..d-1], with a[k] [r, n, g] orthogonal to left[k] over its first two indices and b[k]
/// [g, n', r''] to right[k+1] over its last two. Terms of different bonds are orthogonal to each
/// other. g may be 0.
struct NormalPart {
  std::vector<at::Tensor> a = {}, b = {};
};

/// How many directions each bond can gain: at most `most`, no more than are free beside the cores
/// on either side, and none beyond the rank `cap`.
tn::Shape free_directions(const tn::TangentSpace& space, std::int64_t most, std::int64_t cap);

/// The cores of a train of ranks 2r, in blocks as of tn::as_train(), with a normal part as further
/// blocks: ranks 2r + g.
std::vector<at::Tensor> with_normal(std::vector<at::Tensor> cores, const NormalPart& part);

/// a random and orthonormal, a few more columns than wanted directions; b zero: the gradient with
/// respect to b is a sketch of the merged gradients' rows.
NormalPart random_left(const tn::TangentSpace& space, const tn::Shape& wanted, base::Stream stream);

/// b orthonormal rows that span that sketch; a zero: the gradient with respect to a is the merged
/// gradient times b^T.
NormalPart spanned_right(const tn::TangentSpace& space, const NormalPart& sketch,
                         const std::vector<at::Tensor>& gradients);

/// The leading singular directions of the merged gradients, projected to be orthogonal to left[k]
/// and right[k+1]: a orthonormal, b with the singular values in it (Halko, Martinsson, Tropp 2011,
/// algorithms 4.1 and 5.1). Exact where the sketch is as wide as what is free on one side of a bond
/// or as the merged gradient's rank.
NormalPart leading_normal(const tn::TangentSpace& space, const NormalPart& right,
                          const std::vector<at::Tensor>& gradients, const tn::Shape& wanted);

NormalPart operator*(double factor, const NormalPart& part);

/// Of a part whose a are orthonormal.
double squared_norm(const NormalPart& part);

/// How many numbers choose the directions that a part has and how far each goes: g (p + q - g) of
/// every bond, with p and q directions free beside the cores on either side.
std::int64_t dimension(const tn::TangentSpace& space, const NormalPart& part);

}  // namespace ranklens::optim
