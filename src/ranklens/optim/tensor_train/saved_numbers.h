#pragma once

#include <cstdint>
#include <string>

#include <ATen/core/Tensor.h>

// Numbers in what optimisers of trains have saved, which may come from any file.
namespace ranklens::optim {

/// Error, naming it, unless the tensor is one number in double.
double saved_number(const at::Tensor& tensor, const std::string& full);

/// Error, naming it, unless the tensor is one whole number, not below zero.
std::int64_t saved_count(const at::Tensor& tensor, const std::string& full);

}  // namespace ranklens::optim
