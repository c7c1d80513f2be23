#pragma once

#include "ranklens/base/random.h"
#include "ranklens/tn/train/tensor_train.h"

// Trains with a known form. Shapes must not be empty and modes at least 1.
namespace ranklens::tn {

struct RandomTrain {
  Shape ranks{};         ///< one for all bonds, or d - 1; lowered to what the modes allow
  double deviation = 1;  ///< standard deviation of the entries
  at::ScalarType dtype = at::kDouble;
  bool cap_ranks = true;  ///< false: keep ranks above what the modes allow
};

/// Independent Gaussian cores of standard deviation (deviation / sqrt(product of ranks))^(1/d), so
/// that the entries have the wanted one (Novikov et al. 2020, sec. 4).
TensorTrain random(base::Stream& stream, const Shape& shape, const RandomTrain& options);
TTMatrix random(base::Stream& stream, const Shape& rows, const Shape& columns,
                const RandomTrain& options);

TensorTrain zeros(const Shape& shape, const at::TensorOptions& options = at::kDouble);
TensorTrain ones(const Shape& shape, const at::TensorOptions& options = at::kDouble);
/// 1 at `index`, 0 elsewhere.
TensorTrain delta(const Shape& shape, const Shape& index,
                  const at::TensorOptions& options = at::kDouble);
TTMatrix identity(const Shape& modes, const at::TensorOptions& options = at::kDouble);

/// The outer product of vectors [n_k].
TensorTrain rank_one(const std::vector<at::Tensor>& vectors);

/// CP: weights [R] and factors [n_k, R]; every rank becomes R.
TensorTrain from_cp(const at::Tensor& weights, const std::vector<at::Tensor>& factors);

/// Tucker: a train of the core tensor [r_1..r_d], with factors [n_k, r_k] multiplied into its
/// cores. Factors with orthonormal columns keep the centre.
TensorTrain from_tucker(const TensorTrain& core, const std::vector<at::Tensor>& factors);

/// The modes of a quantised train: n = q_1 q_2 ... of prime factors, largest first, for each mode.
/// `reshape` (modes.h) splits a train's modes along them, Tensor::reshape a tensor's.
Shape quantised(const Shape& shape);

}  // namespace ranklens::tn
