#pragma once

#include "ranklens/tn/train/tensor_train.h"

// Cores joined and split anew: what changes of modes are made of.
namespace ranklens::tn {

/// a [r, n, s] and b [s, m, t]: [r, n m, t]. Error for more than 2^31 entries.
at::Tensor merged(const at::Tensor& a, const at::Tensor& b);

/// Appends a core [r, n, s] with n the product of `modes` as a chain of cores: modes are split off
/// by QR.
void append_split(std::vector<at::Tensor>& cores, at::Tensor core, const Shape& modes);

}  // namespace ranklens::tn
