#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "ranklens/nn/weight.h"
#include "ranklens/optim/low_rank/low_rank.h"
#include "ranklens/optim/low_rank/step.h"

namespace ranklens::optim {

/// One application of a weight in a forward and backward pass, as far as its gradient is concerned:
/// G is the sum over all of them.
struct Use {
  /// left^T G right of this use.
  std::function<at::Tensor(const at::Tensor& left, const at::Tensor& right)> between;
  /// Of a linear map: the gradients of its outputs [c, m] and its inputs [c, n], so that G is the
  /// transposed first times the second. Undefined of any other use: a convolution, a table whose
  /// rows are looked up, the whole tensor.
  at::Tensor out_gradient, in;
};
using Uses = std::vector<Use>;

/// left^T G right summed over all uses; `scale` as for probed_gradient().
std::function<at::Tensor(const at::Tensor& left, const at::Tensor& right)> between_of(
    const Uses& uses, double scale);

/// A weight U S V^T of `shape` (a convolution's kernel is the matrix [out, in * height * width])
/// that is applied as it is and whose gradients come out in the form that integrators want: its
/// factors "dK" [m, q], "dS" [p, q] and "dL" [n, p] are zeros, and their gradients are G V, U^T G V
/// and G^T U, from one backward pass at the cost of one for the factors. Nothing is unfolded; of a
/// table nothing is multiplied out but the rows looked up. All uses within a pass add up, those
/// through dense() among them, which costs the whole weight and its whole gradient.
///
/// Where `uses` is given, inputs and gradients of outputs are kept there until it is emptied, which
/// takes the memory of the layer's input and output.
///
/// Of one that is read for its core alone, "dS" is the only factor: the products that K and L take,
/// and of a linear map the inputs they are taken with, are spared.
///
/// It lives within a step; it has no spec and is not stored. Not differentiable twice.
nn::Weight probe(const nn::Shape& shape, const LowRank& point, std::shared_ptr<Uses> uses = {},
                 Reads reads = Reads::all);

/// The gradient at a point from those of a probe's factors dK, dS, dL, the first and the last
/// undefined where it was read for its core alone. `uses` may be empty; `scale`
/// is what the three have been multiplied by since the backward pass (by clipping).
Gradient probed_gradient(const at::Tensor& k, const at::Tensor& s, const at::Tensor& l,
                         const Uses& uses, double scale = 1);

}  // namespace ranklens::optim
