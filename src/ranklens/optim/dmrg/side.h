#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

/// What lies on one side of some cores of a train, for every sample.
namespace ranklens::optim {

/// The train up to a core, met by each sample's features: vectors times e^logs. With one scale a
/// sample, kept apart, neither the length of the train nor how little a sample has in common with
/// it leaves the range of the dtype.
/// A side that the label's core is on has numbers for each class.
struct Side {
  /// [samples, r] or, labelled, [samples, classes, r]; a sample's largest entry 1 in size (or all
  /// zero).
  at::Tensor vectors;
  at::Tensor logs;  ///< [samples], float64
};

inline bool is_labelled(const Side& side) { return side.vectors.dim() == 3; }

/// Beyond the end of the train.
Side end_of_train(std::int64_t samples, const at::TensorOptions& options);

/// With one more core [r, d, r'] between it and the rest: on the side before by its r (the result
/// has r' numbers a sample), on the side behind by its r' (and r). `feature` [samples, d]. The core
/// may be the label's, [r, d, classes, r'], where the side is not labelled: then the result is.
Side extended_before(const Side& before, const at::Tensor& feature, const at::Tensor& core);
Side extended_behind(const Side& behind, const at::Tensor& feature, const at::Tensor& core);

/// Row by row a (x) b: [samples, p], [samples, q] -> [samples, p q].
at::Tensor row_products(const at::Tensor& a, const at::Tensor& b);

/// The same of a side's vectors and a feature, labelled or not: [samples, r d] or [samples,
/// classes, r d] on the side before, d r in place of r d on the side behind.
at::Tensor products_before(const at::Tensor& vectors, const at::Tensor& feature);
at::Tensor products_behind(const at::Tensor& feature, const at::Tensor& vectors);

}  // namespace ranklens::optim
