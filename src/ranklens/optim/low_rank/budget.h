#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace ranklens::optim {

/// A matrix that shares a budget of numbers with others.
struct Budgeted {
  at::Tensor values;          ///< its singular values, descending
  std::int64_t rank = 0;      ///< the rank it would keep; lowered to fit
  std::int64_t floor = 1;     ///< no lower than this
  std::int64_t per_rank = 0;  ///< numbers that a rank costs: m + n
};

/// Lowers ranks, one at a time where the share of its own energy that a matrix loses for each
/// number saved is the smallest, until all of them hold at most `budget` numbers. An Error where
/// the floors alone hold more.
void fit_budget(std::vector<Budgeted>& matrices, std::int64_t budget);

}  // namespace ranklens::optim
