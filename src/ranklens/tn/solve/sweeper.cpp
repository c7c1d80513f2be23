#include "ranklens/tn/solve/sweeper.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>

#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::tn {

Sweeper::Sweeper(const TTMatrix& a, const TensorTrain& start, const TensorTrain* b)
    : x_(canonical(start, 0)) {
  for (const auto& core : a.cores) a_.emplace_back(core);
  if (b != nullptr) b_ = b->cores;
  const auto d = x_.cores.size();
  const auto options = x_.cores[0].options();
  left_.assign(d, at::ones({1, 1, 1}, options));
  right_ = left_;
  b_left_.assign(d, at::ones({1, 1}, options));
  b_right_ = b_left_;
  for (auto k = static_cast<std::int64_t>(d) - 1; k > 0; --k) step_left(k);
}

void Sweeper::step_right(std::int64_t k) {
  left_[k + 1] = grown_left(left_[k], a_[k], x_.cores[k]);
  if (!b_.empty()) b_left_[k + 1] = grown_left(b_left_[k], b_[k], x_.cores[k]);
}

void Sweeper::step_left(std::int64_t k) {
  right_[k - 1] = grown_right(right_[k], a_[k], x_.cores[k]);
  if (!b_.empty()) b_right_[k - 1] = grown_right(b_right_[k], b_[k], x_.cores[k]);
}

at::Tensor Sweeper::right_side(std::int64_t k, std::int64_t sites) const {
  if (b_.empty()) return {};
  auto t = b_left_[k];
  for (auto j = k; j < k + sites; ++j) {
    const auto& core = b_[j];
    t = at::mm(t, core.reshape({core.size(0), -1})).view({-1, core.size(2)});
  }
  return at::mm(t, b_right_[k + sites - 1]).view({-1});
}

void Sweeper::solve_site(std::int64_t k, const LocalSolver& solve, SweepLog& log) {
  const LocalOperator system{left_[k], {&a_[k]}, right_[k]};
  auto& core = x_.cores[k];
  core = solve({system, right_side(k, 1), core}, log).reshape(core.sizes());
}

void Sweeper::solve_pair(std::int64_t k, bool to_right, const SweepRule& rule,
                         const LocalSolver& solve, SweepLog& log) {
  auto &core = x_.cores[k], &next = x_.cores[k + 1];
  const Shape sizes{core.size(0), core.size(1), next.size(1), next.size(2)};
  const auto together =
      at::mm(core.reshape({-1, core.size(2)}), next.reshape({next.size(0), -1})).view(sizes);
  const LocalOperator system{left_[k], {&a_[k], &a_[k + 1]}, right_[k + 1]};
  const auto solved = solve({system, right_side(k, 2), together}, log);
  const auto pair = solved.reshape({sizes[0] * sizes[1], sizes[2] * sizes[3]});
  const double size = frobenius(pair);
  const double share = rule.eps / std::sqrt(static_cast<double>(x_.cores.size() - 1));
  const Truncation truncation{share * size, rule.max_rank};
  const auto cut = split(to_right ? pair : pair.mH(), truncation);
  const auto rank = cut.q.size(1);
  core = (to_right ? cut.q : cut.rest.mH()).reshape({sizes[0], sizes[1], rank});
  next = (to_right ? cut.rest : cut.q.mH()).reshape({rank, sizes[2], sizes[3]});
  const double discarded = size > 0 ? cut.discarded / size : 0;
  log.discarded = std::max(log.discarded, discarded);
  log.cuts.push_back({k, rank, cut.discarded, cut.values, cut.discarded_values});
  log.rank_limited = log.rank_limited || discarded > share * (1 + 1e-6) + 1e-15;
}

SweepLog Sweeper::sweep(const SweepRule& rule, const LocalSolver& solve) {
  SweepLog log;
  const auto last = static_cast<std::int64_t>(x_.cores.size()) - 1;
  if (last == 0) {
    solve_site(0, solve, log);
  } else if (rule.sites == 1) {
    for (std::int64_t k = 0; k < last; ++k) {
      solve_site(k, solve, log);
      carry_right(x_.cores, k);
      step_right(k);
    }
    for (auto k = last; k > 0; --k) {
      solve_site(k, solve, log);
      carry_left(x_.cores, k - 1);
      step_left(k);
    }
    solve_site(0, solve, log);
  } else {
    for (std::int64_t k = 0; k < last; ++k) {
      solve_pair(k, k + 1 < last, rule, solve, log);
      if (k + 1 < last) step_right(k);
    }
    step_left(last);
    for (auto k = last - 1; k > 0; --k) {
      solve_pair(k - 1, false, rule, solve, log);
      step_left(k);
    }
  }
  x_.centre = 0;
  for (const auto rank : ranks(x_)) log.largest_rank = std::max(log.largest_rank, rank);
  return log;
}

}  // namespace ranklens::tn
