#pragma once

#include <vector>

#include "ranklens/tn/manifold/tangent.h"

namespace ranklens::optim {

/// The tangent space of a train whose scale is folded into its cores (log_scale 0).
tn::TangentSpace space_at(const tn::TensorTrain& train);

/// The same of the train divided by its norm, which is exp(log_norm): whatever that is, nothing
/// over- or underflows.
tn::TangentSpace unit_space_at(const tn::TensorTrain& train, double& log_norm);

/// The point itself as a train of ranks 2r, in which the parts of a tangent vector are blocks of
/// the cores: [delta U], [V 0; delta U], ..., [V; delta] with all deltas zero but the last, which
/// is the point's (Novikov, Rakhuba, Oseledets 2022, section 4).
std::vector<at::Tensor> with_slots(const tn::TangentSpace& space);

/// The gradient on the manifold from the gradients with respect to the cores of with_slots(): their
/// blocks, in the gauge of the space. Undefined ones count as zero.
tn::Tangent gradient_in(const tn::TangentSpace& space, const std::vector<at::Tensor>& gradients);

/// The inner product of tangent vectors of one space, in double.
double inner(const tn::Tangent& a, const tn::Tangent& b);

/// Each core times `factor`.
std::vector<at::Tensor> scaled(std::vector<at::Tensor> cores, double factor);

/// What each of `cores` cores is multiplied by for their product to be multiplied by
/// exp(log_scale).
double share_of_each(double log_scale, std::size_t cores);

/// The cores of a train with its scale shared among them.
std::vector<at::Tensor> plain_cores(const tn::TensorTrain& train);

}  // namespace ranklens::optim
