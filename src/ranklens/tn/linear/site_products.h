#pragma once

#include <ATen/core/Tensor.h>

/// What is done to a state between the products of matrices of an MPS; float32 and float64, on
/// processors by plain loops over the batch, elsewhere by libtorch's operators. All tensors are
/// contiguous with the batch last. `by_bond` orders the rows of a joint index as (bond, feature),
/// else as (feature, bond).
namespace ranklens::tn {

/// joint [(r d), width] = state [r, width] x features [d, width].
void multiply_in(const at::Tensor& state, const at::Tensor& features, bool by_bond,
                 const at::Tensor& joint);

/// state [r, width]: the sum of joint [(r d), width] times features [d, width] over the features.
void sum_features(const at::Tensor& joint, const at::Tensor& features, bool by_bond,
                  const at::Tensor& state);

/// features [d, width]: the sum of joint [(r d), width] times state [r, width] over the bond.
void sum_bond(const at::Tensor& joint, const at::Tensor& state, bool by_bond,
              const at::Tensor& features);

/// Multiplies each column of state [r, width] by the power of two that brings its largest entry
/// into [1, 2), writes it to factor [width] and counts it in exponent [width]. Columns of zeros,
/// and those that are not finite, stay as they are. Multiplying by a power of two rounds nothing,
/// and it does not change with small changes of the state: gradients pass it as a constant.
void rescale(const at::Tensor& state, const at::Tensor& factor, const at::Tensor& exponent);

/// The same by libtorch's operators, on any device.
namespace by_operators {
void multiply_in(const at::Tensor& state, const at::Tensor& features, bool by_bond,
                 const at::Tensor& joint);
void sum_features(const at::Tensor& joint, const at::Tensor& features, bool by_bond,
                  const at::Tensor& state);
void sum_bond(const at::Tensor& joint, const at::Tensor& state, bool by_bond,
              const at::Tensor& features);
void rescale(const at::Tensor& state, const at::Tensor& factor, const at::Tensor& exponent);
}  // namespace by_operators

}  // namespace ranklens::tn
