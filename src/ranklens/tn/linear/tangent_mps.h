#pragma once

#include <cstddef>
#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/tn/linear/mps_classifier.h"
#include "ranklens/tn/manifold/tangent.h"

namespace ranklens::tn {

/// A core [r, n, r'] of a train in three forms: any number of first cores as `left`, one as
/// `centre` and the rest as `right` make up the train.
struct CoreForms {
  at::Tensor left, centre, right;
};

/// Of the point of a space, without its log_scale: every core could be the centre, since which one
/// is depends on who takes them.
std::vector<CoreForms> core_forms(const TangentSpace& space);

/// mps_classifier() of the train that `cores` are the forms of, the label's among them. The
/// gradients of `parts`, zeros of the cores' shapes, are those of the parts of a tangent vector,
/// sum_k left[0..k-1] parts[k] right[k+1..d-1], before the gauge: tn::gauged() makes them the
/// projection of the gradient with respect to the whole tensor. None reaches the features.
///
/// They come from one forward and one backward pass at the cost of mps_classifier()'s. Features
/// meet the sides of the label in the forms whose centre is the label's core; the gradient comes
/// back to the left through the right forms and to the right through the left ones. (Novikov,
/// Rakhuba and Oseledets 2022 have them from a train of twice the ranks, for any function of the
/// cores.) Cores are rounded to the type of the parts, and computed in float32 where that is
/// shorter. Of at least one sample; an Error where it is differentiated twice.
ScaledValues tangent_mps_classifier(const at::Tensor& features, const std::vector<CoreForms>& cores,
                                    const std::vector<at::Tensor>& parts, std::size_t label);

}  // namespace ranklens::tn
