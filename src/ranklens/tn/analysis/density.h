#pragma once

#include <vector>

#include "ranklens/tn/train/tensor_train.h"

namespace ranklens::tn {

/// The reduced density matrix [n_k, n_k] of one mode of |x> / ||x||, all other modes traced out:
/// Hermitian, positive, of trace 1; from the train with its centre moved there.
at::Tensor density(const TensorTrain& train, std::int64_t mode);
/// All modes in one sweep.
std::vector<at::Tensor> densities(const TensorTrain& train);
/// Of two modes a < b: [n_a n_b, n_a n_b], mode a slower.
at::Tensor density(const TensorTrain& train, std::int64_t a, std::int64_t b);

/// The same of a dense tensor [n_1 .. n_d], read as a state as a train is: one matrix product each,
/// nothing is decomposed. Of a weight with the modes of a TT matrix: interleaved() first
/// (tn/train/decompose.h). Errors as for a train, and NaN or infinite entries.
at::Tensor density(const at::Tensor& tensor, std::int64_t mode);
std::vector<at::Tensor> densities(const at::Tensor& tensor);
at::Tensor density(const at::Tensor& tensor, std::int64_t a, std::int64_t b);

/// S(a) + S(b) - S(ab) in nats, of the modes' density matrices; 0 if they are independent.
double mutual_information(const TensorTrain& train, std::int64_t a, std::int64_t b);
/// Of every pair of modes: float64 [d, d], zero on the diagonal.
at::Tensor mutual_information(const TensorTrain& train);

/// Of a dense tensor.
double mutual_information(const at::Tensor& tensor, std::int64_t a, std::int64_t b);
at::Tensor mutual_information(const at::Tensor& tensor);

/// Of a density matrix, in nats.
double entropy(const at::Tensor& density);

}  // namespace ranklens::tn
