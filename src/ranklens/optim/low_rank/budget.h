#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace ranklens::optim {

/// A weight that shares a budget of numbers with others, by its ranks: a matrix has one, a kernel
/// in Tucker-2 form one for each channel mode.
struct Budgeted {
  struct Mode {
    at::Tensor values;          ///< singular values, descending
    std::int64_t rank = 0;      ///< the rank it would keep; lowered to fit
    std::int64_t floor = 1;     ///< no lower than this
    std::int64_t per_rank = 0;  ///< numbers that a rank costs in the factors: m + n of a matrix
  };
  std::vector<Mode> modes;
  /// Numbers that each pair of an output's and an input's direction costs in a core that is kept
  /// (the window of a kernel; a matrix has one mode for both). Cores that are absorbed cost none.
  std::int64_t per_pair = 0;
};

/// The numbers that a weight holds at its ranks.
std::int64_t numbers_of(const Budgeted& weight);

/// An Error where the floors alone hold more than `budget` numbers.
void require_attainable(const std::vector<Budgeted>& weights, std::int64_t budget);

/// Lowers ranks, one at a time where the share of its own energy that a weight loses for each
/// number saved is the smallest, until all of them hold at most `budget` numbers. An Error as
/// above.
void fit_budget(std::vector<Budgeted>& weights, std::int64_t budget);

}  // namespace ranklens::optim
