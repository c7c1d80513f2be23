#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/tn/linear/tt_linear.h"

namespace ranklens::tn {

/// A TT matrix in its two orthogonal forms, cores [r, m, n, r'] (tn::TangentSpace with its modes
/// apart): the last one at the left and the first one at the right hold the norm.
struct OrthogonalForms {
  std::vector<at::Tensor> left, right;
};

/// y = W x + bias as tt_linear() for the train of these forms. The gradients of `parts`, zeros of
/// the cores' shapes, are those of the parts of a tangent vector, sum_k left[0..k-1] parts[k]
/// right[k+1..d-1], before the gauge: tn::gauged() makes them the projection of the dense gradient.
///
/// They come from one forward and one backward pass at the cost of tt_linear()'s. A chain from the
/// left takes x through the left form, and the gradient of y comes back through the right form:
/// where they meet, both are orthogonal. (Novikov, Rakhuba and Oseledets 2022 have them from a
/// train of twice the ranks, for any function of the cores.) For matrices these are the K-, S- and
/// L-gradients of Ceruti, Kusch and Lubich 2024. A schedule given in `options` absorbs from one end
/// only. Not differentiable twice.
///
/// From the left (Order::from_left) what x is multiplied with are the left cores alone, and its
/// gradient comes through the right ones alone. So a caller with a core of its own before these
/// passes x through its left form and leaves out of right[0] what belongs into its right form.
at::Tensor tangent_linear(const OrthogonalForms& point, const std::vector<at::Tensor>& parts,
                          const at::Tensor& x, const at::Tensor& bias = {},
                          const TTLinearOptions& options = {});

}  // namespace ranklens::tn
