#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "ranklens/optim/dmrg/labelled_state.h"

/// Where sweeps begin. Products of hundreds of sites are tiny or huge unless each is about one, and
/// a state whose values are lost in rounding gives every local problem a gradient of zero:
/// Stoudenmire and Schwab (2016) warn of it, and the code published with their paper, which begins
/// with a sum of training samples, calls better starts an open question. Here the start is a
/// constant function and a few channels of noise.
namespace ranklens::optim {

/// For each site the vector v whose product with the site's features is nearest to 1 on the data
/// (least squares; where the data leave it open, equal entries): [sites, d], float64. Exactly ones
/// where the features of a site always add up to 1, as those of [1 - x, x].
at::Tensor constant_vectors(const at::Tensor& features);

/// Cores delta_ab v_i + noise of rank `bond`, orthogonal towards the middle one (sites / 2), which
/// carries the label: every class has a value near 1 for every sample, and the other channels carry
/// weak random linear functions of the sites on either side (the "ones and noise" of Novikov,
/// Trofimov, Oseledets 2016). `features` [samples, sites, d], float32 or float64, at least two
/// sites.
LabelledState start_state(const at::Tensor& features, std::int64_t classes, std::int64_t bond,
                          std::uint64_t seed);

/// Error unless features are such.
void check_features(const at::Tensor& features);

}  // namespace ranklens::optim
