#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

/// What lies on one side of some cores of a train, for every sample.
namespace ranklens::optim {

/// The train up to a core, met by each sample's features: vectors times e^logs. With one scale a
/// sample, kept apart, neither the length of the train nor how little a sample has in common with
/// it leaves the range of the dtype.
struct Side {
  at::Tensor vectors;  ///< [samples, r], the largest entry of a row 1 in size (or the row zero)
  at::Tensor logs;     ///< [samples], float64
};

/// Beyond the end of the train.
Side end_of_train(std::int64_t samples, const at::TensorOptions& options);

/// With one more core [r, d, r'] between it and the rest: on the side before by its r (the result
/// has r' numbers a sample), on the side behind by its r' (and r). `feature` [samples, d].
Side extended_before(const Side& before, const at::Tensor& feature, const at::Tensor& core);
Side extended_behind(const Side& behind, const at::Tensor& feature, const at::Tensor& core);

/// Row by row a (x) b: [samples, p], [samples, q] -> [samples, p q].
at::Tensor row_products(const at::Tensor& a, const at::Tensor& b);

}  // namespace ranklens::optim
