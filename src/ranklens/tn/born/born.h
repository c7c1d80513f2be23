#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "ranklens/base/random.h"
#include "ranklens/tn/train/tensor_train.h"

// Born machines: a real tensor train psi as a probability of its index lists, P(x) = psi(x)^2 / Z
// (Han, Wang, Fan, Wang, Zhang 2018).
namespace ranklens::tn {

/// sign(psi) and log |psi| of products of vectors, one a site.
struct Amplitudes {
  at::Tensor sign;     ///< [batch]; 0 where psi is
  at::Tensor log_abs;  ///< [batch], float64; -infinity where psi is zero
};

/// psi contracted with `features` [batch, sites, d], d the train's mode everywhere. Sites are
/// brought back to a size of one as they go, so any number of them neither over- nor underflows.
Amplitudes amplitudes(const TensorTrain& train, const at::Tensor& features);

/// log Z = log <psi | psi>.
double log_norm_squared(const TensorTrain& train);

/// 2 log |psi(x)| - log Z [batch], float64: for features that are unit vectors of the index basis,
/// the log-probability of the index lists; -infinity where it is zero.
at::Tensor log_probabilities(const TensorTrain& train, const at::Tensor& features);

/// The mean of -log P over the batch, in nats a sample.
double negative_log_likelihood(const TensorTrain& train, const at::Tensor& features);

/// Unit vectors [batch, sites, d] of index lists [batch, sites], int64.
at::Tensor basis_features(const at::Tensor& indices, std::int64_t d, at::ScalarType type);

/// `count` independent samples [count, sites], int64, from P exactly (Ferris, Vidal 2012): site by
/// site, each given those before it. They are on the train's device; a stream draws the same on
/// every device, up to rounding.
at::Tensor sample(const TensorTrain& train, std::int64_t count, base::Stream& stream);

/// Samples of the sites where `given` [batch, sites] (int64) is negative, from P conditioned on the
/// others; the others as they are, all on the train's device. An Error where what is given has
/// probability zero. Each distinct row of `given` takes the time of about 2 r samples besides; the
/// memory for that is bounded.
at::Tensor complete(const TensorTrain& train, const at::Tensor& given, base::Stream& stream);

}  // namespace ranklens::tn
