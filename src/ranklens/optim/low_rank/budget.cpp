#include "ranklens/optim/low_rank/budget.h"

#include <queue>

#include "ranklens/base/error.h"

namespace ranklens::optim {
namespace {

struct Candidate {
  double loss = 0;  ///< share of the energy lost for each number saved
  std::size_t which = 0;
  bool operator<(const Candidate& other) const { return loss > other.loss; }
};

}  // namespace

void fit_budget(std::vector<Budgeted>& matrices, std::int64_t budget) {
  std::vector<at::Tensor> shares;
  std::int64_t held = 0, least = 0;
  for (const auto& one : matrices) {
    const auto squares = one.values.to(at::kCPU, at::kDouble).square();
    shares.push_back((squares / squares.sum().clamp_min(1e-300)).contiguous());
    held += one.rank * one.per_rank;
    least += std::min(one.rank, one.floor) * one.per_rank;
  }
  base::require(least <= budget,
                "the smallest ranks allowed hold {} numbers, more than the budget of {}", least,
                budget);
  std::priority_queue<Candidate> queue;
  const auto offer = [&](std::size_t k) {
    const auto& one = matrices[k];
    if (one.rank <= one.floor) return;
    const double share = shares[k].const_data_ptr<double>()[one.rank - 1];
    queue.push({share / static_cast<double>(one.per_rank), k});
  };
  for (std::size_t k = 0; k < matrices.size(); ++k) offer(k);
  while (held > budget) {
    const auto next = queue.top().which;
    queue.pop();
    --matrices[next].rank;
    held -= matrices[next].per_rank;
    offer(next);
  }
}

}  // namespace ranklens::optim
