#pragma once

#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/tn/linear/schedule.h"

namespace ranklens::tn {

/// What a backward pass may keep of the forward pass besides input and cores.
enum class KeepStates {
  low_memory,  ///< nothing: intermediate results are computed again
  fast         ///< what is cheaper to keep than to compute again, within state_allowance()
};

struct TTLinearOptions {
  KeepStates keep = KeepStates::fast;
  /// Instead of the planned one, e.g. to time it.
  std::optional<Schedule> schedule{};
  Order order = Order::any;  ///< of what is planned
};

/// y = W x + bias for the rows of x [..., N], W the TT matrix of the cores [r, m, n, r'] (m rows, n
/// columns, first mode slowest; Oseledets 2011), bias [M] or undefined: [..., M]. Computes in the
/// cores' dtype, on their device. Differentiable, twice too (the second pass by libtorch's
/// operators).
at::Tensor tt_linear(const std::vector<at::Tensor>& cores, const at::Tensor& x,
                     const at::Tensor& bias = {}, const TTLinearOptions& options = {});

/// The schedule that tt_linear() takes for `batch` rows; in another order than any the cheapest
/// that absorbs all cores but those of its last step from the same end.
Schedule tt_linear_schedule(const std::vector<at::Tensor>& cores, std::int64_t batch, bool training,
                            KeepStates keep = KeepStates::fast, Order order = Order::any);

}  // namespace ranklens::tn
