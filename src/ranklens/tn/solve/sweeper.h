#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "ranklens/tn/solve/local_operator.h"
#include "ranklens/tn/train/sweep.h"

namespace ranklens::tn {

/// What alternating solvers record of a sweep to the right and back.
struct SweepLog {
  double value = 0;     ///< linear: <x|A|x> - 2 Re <x|b>; eigenpair: the eigenvalue
  double residual = 0;  ///< linear: ||A x - b|| / ||b||; eigenpair: the worst of the local problems
  double discarded = 0;           ///< largest relative Frobenius norm that a cut left out
  std::vector<Cut> cuts;          ///< of two sites: each in turn, to the right and back
  bool rank_limited = false;      ///< max_rank made a cut leave out more than eps allows
  std::int64_t largest_rank = 1;  ///< of the train after the sweep
  std::int64_t products = 0;      ///< of local operators and vectors
};

/// One local problem: the operator, the right-hand side (undefined for eigenproblems) and the
/// present value, whose shape [l, n_1 .. n_k, r] the solution has.
struct LocalProblem {
  const LocalOperator& system;
  at::Tensor right_side;
  at::Tensor present;
};
using LocalSolver = std::function<at::Tensor(const LocalProblem&, SweepLog&)>;

/// How a sweep proceeds. With one site ranks stay; with two each cut chooses a rank.
struct SweepRule {
  std::int64_t sites = 2;  ///< solved together: 1 or 2
  double eps = 0;          ///< relative Frobenius norm that all cuts together may leave out
  std::int64_t max_rank = 0;
};

/// A train, a TT matrix (and a right-hand side), and the environments between them, kept up to date
/// while local problems are solved from the left end to the right and back. Scales (log_scale) of
/// the arguments are not looked at.
class Sweeper {
 public:
  Sweeper(const TTMatrix& a, const TensorTrain& start, const TensorTrain* b = nullptr);

  /// To the right and back; the centre of the train is core 0 before and after.
  SweepLog sweep(const SweepRule& rule, const LocalSolver& solve);

  const TensorTrain& train() const { return x_; }

 private:
  void solve_site(std::int64_t k, const LocalSolver& solve, SweepLog& log);
  void solve_pair(std::int64_t k, bool to_right, const SweepRule& rule, const LocalSolver& solve,
                  SweepLog& log);
  at::Tensor right_side(std::int64_t k, std::int64_t sites) const;
  void step_right(std::int64_t k);  ///< environments of what is left of core k + 1
  void step_left(std::int64_t k);   ///< environments of what is right of core k - 1

  std::vector<OperatorCore> a_;
  std::vector<at::Tensor> b_;
  TensorTrain x_;
  std::vector<at::Tensor> left_, right_;      // left_[k]: of cores before k; right_[k]: after k
  std::vector<at::Tensor> b_left_, b_right_;  // of <x|b>
};

}  // namespace ranklens::tn
