#include "ranklens/optim/low_rank/truncate.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/ops/diag.h>
#include <ATen/ops/matmul.h>
#include <ATen/record_function.h>

#include "ranklens/base/error.h"
#include "ranklens/base/scopes.h"
#include "ranklens/tn/linalg/svd.h"
#include "ranklens/tn/linalg/tall.h"

namespace ranklens::optim {
namespace {

std::vector<double> numbers(const at::Tensor& values) {
  const auto copy = values.to(at::kCPU, at::kDouble).contiguous();
  return {copy.const_data_ptr<double>(), copy.const_data_ptr<double>() + copy.numel()};
}

// Square root of the sum of squares of the values from `first` on.
double tail(const std::vector<double>& values, std::size_t first) {
  double sum = 0;
  for (std::size_t k = values.size(); k > first; --k) sum += values[k - 1] * values[k - 1];
  return std::sqrt(sum);
}

}  // namespace

std::int64_t rank_for(const at::Tensor& values, const RankPolicy& policy) {
  base::require(policy.tau >= 0, "the tolerance of a truncation is at least 0, not {}", policy.tau);
  base::require(policy.floor >= 1 && policy.cap >= policy.floor,
                "a rank lies between a floor of at least 1 and a cap not below it, not {} and {}",
                policy.floor, policy.cap);
  const auto found = numbers(values);
  const double bound = policy.tau * (policy.absolute ? 1 : tail(found, 0));
  std::size_t rank = found.size();
  while (rank > 1 && tail(found, rank - 1) <= bound) --rank;
  const auto most = static_cast<std::int64_t>(found.size());
  return std::min(most, std::clamp(static_cast<std::int64_t>(rank), policy.floor, policy.cap));
}

// Note that libtorch returns the transposed right factor.
CoreValues singular_values(const at::Tensor& core) {
  RECORD_USER_SCOPE(base::factorisation_scope);
  const auto [left, values, right_transposed] = tn::reduced_svd(core);
  return {left, values, right_transposed.t()};
}

Truncated cut(const LowRank& matrix, const CoreValues& core, std::int64_t rank) {
  base::require(rank >= 1 && rank <= core.values.size(0),
                "rank {} is not between 1 and {}, the present one", rank, core.values.size(0));
  const auto left = core.left.narrow(1, 0, rank), right = core.right.narrow(1, 0, rank);
  return {.matrix = {tn::tall_times(matrix.u, left), at::diag(core.values.narrow(0, 0, rank)),
                     tn::tall_times(matrix.v, right)},
          .left = left,
          .right = right,
          .values = core.values,
          .discarded = tail(numbers(core.values), static_cast<std::size_t>(rank))};
}

Truncated truncate(const LowRank& matrix, const RankPolicy& policy) {
  const auto core = singular_values(matrix.s);
  return cut(matrix, core, rank_for(core.values, policy));
}

Truncated truncate_to(const LowRank& matrix, std::int64_t rank) {
  return cut(matrix, singular_values(matrix.s), rank);
}

}  // namespace ranklens::optim
