#pragma once

#include <cstdint>

#include "ranklens/tn/linalg/walk.h"

namespace ranklens::tn {

/// A batch of products of matrices, out [B, M, N] = left [B, M, K] right [B, K, N], each of whose
/// four indices may be several modes of a tensor that lie in any order: a permutation is not
/// copied first, but read while blocks are packed for the caches (Goto, van de Geijn 2008; for
/// tensors Matthews 2018, Springer, Bientinesi 2018). `out` is contiguous.
/// Walks with as few modes as can be (joined()) are the fastest.
///
/// Made for what libraries are slow at: few columns or rows, small inner sizes, batches of small
/// matrices, permuted operands. Products of large matrices that lie as libraries want them are as
/// fast there.
struct StridedProduct {
  Walk left_batch, right_batch;  ///< B
  Walk rows;                     ///< M, of left
  Walk left_inner, right_inner;  ///< K
  Walk columns;                  ///< N, of right
};

/// Whether this processor can: x86 with AVX2 and FMA.
bool has_strided_product();

/// Computes it, on as many threads as tensor operators use. `out` overlaps neither factor.
void multiply(const StridedProduct& product, const double* left, const double* right, double* out);
void multiply(const StridedProduct& product, const float* left, const float* right, float* out);

}  // namespace ranklens::tn
