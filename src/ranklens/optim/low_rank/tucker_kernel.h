#pragma once

#include <functional>

#include <ATen/core/Tensor.h>

namespace ranklens::optim {

/// The kernel of a convolution in Tucker-2 form, W[o, i, ...] = sum_ab U[o, a] C[a, b, ...] V[i,
/// b]: U [O, p] and V [I, q] with orthonormal columns, C [p, q, height, width] (any number of
/// window modes, which stay as they are).
struct TuckerKernel {
  at::Tensor u, core, v;
  at::Tensor dense() const;
};

/// Orthonormal bases of the row spaces of a core's two channel unfoldings (QR factorisations of
/// their transposes): C[a, b, ...] = sum_m S[a, m] out[m, b, ...] = sum_m S'[b, m] in[a, m, ...].
struct CoreRows {
  at::Tensor out;  ///< [min(p, q * window), q, height, width]
  at::Tensor in;   ///< [p, min(q, p * window), height, width]
};
CoreRows core_rows(const at::Tensor& core);

/// K = U S of a channel mode (0: the output's), where the core unfolds as S times the rows held.
at::Tensor k_of(const at::Tensor& basis, const at::Tensor& core, const at::Tensor& rows,
                std::int64_t mode);

/// What can be known of a gradient G [O, I, height, width] of the loss at a Tucker kernel without
/// forming it; one backward pass gives the three at once (the K-gradients of both modes and the
/// core's: Zangrando, Schotthöfer, Ceruti, Kusch, Tudisco 2023, TDLRT).
struct TuckerGradient {
  /// [O, m] = sum G[., i, ...] V[i, b] out[m, b, ...]: with respect to K = U S, where W unfolds in
  /// the output channels as K times orthonormal rows, which are held.
  at::Tensor k_out = {};
  /// [I, m] = sum G[o, ., ...] U[o, a] in[a, m, ...]: the same in the input channels.
  at::Tensor k_in = {};
  at::Tensor core = {};  ///< U^T G V [p, q, height, width]: with respect to C
  CoreRows rows = {};    ///< that k_out and k_in are taken against
  /// G times left [O, a] and right [I, b] in its channel modes, [a, b, height, width]; may be empty
  /// where an integrator does not ask for it.
  std::function<at::Tensor(const at::Tensor& left, const at::Tensor& right)> between = {};
};

/// The gradient object of a dense G at a point.
TuckerGradient seen_from(const TuckerKernel& point, const at::Tensor& dense);
/// The same of a G in Tucker-2 form, whose factors need not be orthonormal; without `between`.
TuckerGradient seen_from(const TuckerKernel& point, const TuckerKernel& g);

/// P G, the orthogonal projection onto the tangent space of the kernels of these ranks at the
/// point, in Tucker-2 form of at most twice the ranks (Koch and Lubich 2010): the core's
/// part between the bases, and for each mode what of k lies outside of its basis times the held
/// rows. Its factors begin with those of the point and are not orthonormal.
TuckerKernel tangent(const TuckerKernel& point, const TuckerGradient& gradient);

/// ||P G||^2, and the dimensions of that tangent space, p q window + p (O - p) + q (I - q) where
/// these ranks are attainable.
double projected_norm_squared(const TuckerGradient& gradient);
double dimensions(const TuckerGradient& gradient);

/// A core [p, q, ...] times left [p, a] and right [q, b]: left^T C right in the channel modes, [a,
/// b, ...]. Of a matrix: left^T C right.
at::Tensor contracted(const at::Tensor& core, const at::Tensor& left, const at::Tensor& right);

/// The same kernel with orthonormal bases: QR factorisations (oriented_qr) of U and V, folded into
/// C.
TuckerKernel orthonormal(const TuckerKernel& kernel);

/// The same kernel (of orthonormal bases) with p <= q * window and q <= p * window: more columns
/// than an unfolding of the core has would be of no use.
TuckerKernel of_attainable_ranks(const TuckerKernel& kernel);

/// The largest entry of |U^T U - I| and |V^T V - I|.
double orthogonality_error(const TuckerKernel& kernel);

}  // namespace ranklens::optim
