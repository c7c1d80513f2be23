#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ranklens/nn/weight.h"

namespace ranklens::nn {

/// The factors' tensors in the order of `names`; an Error, beginning with `what` ("a Tucker
/// weight"), where one is missing or there are others.
std::vector<at::Tensor> in_order(const std::vector<Factor>& factors,
                                 const std::vector<std::string>& names, std::string_view what);

/// "core.0" .. "core.{count-1}".
std::vector<std::string> core_names(std::size_t count);

std::vector<Factor> named(const std::vector<std::string>& names,
                          const std::vector<at::Tensor>& tensors);

/// Error unless the cores of a train are [r, out, in, r'] with fitting ranks, `left` before the
/// first and 1 after the last. `first` is the number of cores[0] in messages.
void check_cores(const std::vector<at::Tensor>& cores, std::int64_t left, std::size_t first = 0);

/// The rows of a matrix at `indices`: [..., columns].
at::Tensor select_rows(const at::Tensor& matrix, const at::Tensor& indices);

}  // namespace ranklens::nn
