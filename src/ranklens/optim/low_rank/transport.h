#pragma once

#include "ranklens/optim/low_rank/low_rank.h"
#include "ranklens/optim/low_rank/tucker_kernel.h"

/// Tangent vectors seen from other points: vector transport by projection (Absil, Mahony, Sepulchre
/// 2008, section 8.1.3). O((m + n) r^2); no matrix is formed.
namespace ranklens::optim {

/// What the bases of one point are between those of another: U^T U1 [p, p1] and V^T V1 [q, q1].
struct Overlaps {
  at::Tensor left, right;
};
Overlaps overlaps(const LowRank& from, const LowRank& to);

/// A tangent vector Z = P Z at U S V^T, held as Z V, Z^T U and U^T Z V, seen from other bases: what
/// P1 Z is at the point with bases U1, V1. Six products with tall matrices beside the overlaps.
Gradient transported(const Gradient& z, const LowRank& from, const LowRank& to,
                     const Overlaps& known);
Gradient transported(const Gradient& z, const LowRank& from, const LowRank& to);
/// Of it the core alone, U1^T Z V1, by two of these products.
Gradient transported_core(const Gradient& z, const LowRank& to, const Overlaps& known);

/// The same where the other bases are of a point that was widened and turned, U1 = [U | U~] P and
/// V1 = [V | V~] Q, every basis orthonormal: then products of old bases with new ones are known,
/// and four products with tall matrices are left. `wide` has [U | U~] and [V | V~].
Gradient transported(const Gradient& z, const LowRank& from, const LowRank& wide,
                     const at::Tensor& left, const at::Tensor& right);
/// The core alone, between [U | U~] and [V | V~] themselves.
Gradient core_between(const Gradient& z, const LowRank& from, const LowRank& wide);

/// The first of a kernel's tangent vector.
TuckerGradient transported(const TuckerGradient& z, const TuckerKernel& from,
                           const TuckerKernel& to);

}  // namespace ranklens::optim
