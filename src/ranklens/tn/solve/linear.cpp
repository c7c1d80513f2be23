#include "ranklens/tn/solve/linear.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cholesky_solve.h>
#include <ATen/ops/linalg_cholesky_ex.h>
#include <ATen/ops/real.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/solve/krylov.h"
#include "ranklens/tn/solve/operator_checks.h"
#include "ranklens/tn/train/algebra.h"
#include "ranklens/tn/train/make.h"

namespace ranklens::tn {
namespace {

[[noreturn]] void not_positive() {
  base::fail(
      "the TT matrix is not positive definite: System::general solves by the normal equations");
}

at::Tensor solve_densely(const LocalProblem& problem) {
  const auto [lower, info] = at::linalg_cholesky_ex(problem.system.matrix());
  if (info.item<int>() != 0) not_positive();
  return at::cholesky_solve(problem.right_side.unsqueeze(1), lower);
}

at::Tensor solve_iteratively(const LocalProblem& problem, double tolerance, SweepLog& log) {
  const auto apply = [&](const at::Tensor& x) { return problem.system.apply(x); };
  const auto found = conjugate_gradients(apply, problem.right_side, problem.present,
                                         {.tolerance = tolerance, .max_products = 1000});
  if (!found.positive && found.residual > tolerance) not_positive();
  log.products += found.products;
  return found.x;
}

/// Solves local systems and remembers the value of the function at the last solution.
struct LocalSystems {
  std::int64_t dense_below;
  double tolerance;
  double value = 0;

  at::Tensor operator()(const LocalProblem& problem, SweepLog& log) {
    const auto x = problem.system.columns() <= dense_below
                       ? solve_densely(problem)
                       : solve_iteratively(problem, tolerance, log);
    const auto flat = x.reshape({-1});
    const auto image = problem.system.apply(flat).reshape({-1});
    const auto f = flat.conj() * (image - 2 * problem.right_side);
    value = at::real(f).sum().item<double>();
    return x;
  }
};

/// A system to minimise over; its solution is that of the one asked for.
struct Quadratic {
  TTMatrix a;
  TensorTrain b;
};

Quadratic quadratic_of(const TTMatrix& a, const TensorTrain& b, System system) {
  if (system == System::positive) {
    check_hermitian(a);
    return {a, canonical(b, 0)};
  }
  const auto h = adjoint(a);
  return {matmul(h, a), canonical(matmul(h, b), 0)};
}

double residual_of(const TTMatrix& a, const TensorTrain& x, const TensorTrain& b, double size) {
  return norm(matmul(a, x) - b) / size;
}

/// No hundredth less over three sweeps.
bool stalls(const std::vector<SweepLog>& sweeps) {
  if (sweeps.size() < 4) return false;
  return sweeps.back().residual > 0.99 * sweeps[sweeps.size() - 4].residual;
}

}  // namespace

LinearSolution solve(const TTMatrix& a, const TensorTrain& b, const SolveOptions& options) {
  check_square(a);
  check(b);
  for (const auto& core : b.cores) check_values(core, "a core of the right-hand side");
  base::require(shape(b) == row_modes(a), "the right-hand side has shape {}, the TT matrix rows {}",
                text(shape(b)), text(row_modes(a)));
  check_alike(a.cores[0], b.cores[0], "a linear system");
  check_solver(options.sites, options.tolerance, options.eps, options.max_rank, options.max_sweeps,
               options.start_rank);
  LinearSolution out;
  const double size = norm(b);
  if (size == 0) return {zeros(shape(b), b.cores[0].options()), 0, true, {}};

  // Without scales: A' y = b', and x = exp(scale of b' - scale of A') y.
  const auto quadratic = quadratic_of(a, b, options.system);
  const double scale = quadratic.b.log_scale - quadratic.a.log_scale;
  auto start = solver_start(a, options.start, options.start_rank, options.seed);
  if (options.start) start = std::exp(start.log_scale - scale) * start;
  start.log_scale = 0;
  Sweeper sweeper(quadratic.a, start, &quadratic.b);
  const double precision = machine_epsilon(b.cores[0].scalar_type());
  LocalSystems local{options.dense_below, std::max(options.tolerance / 10, 4 * precision)};
  const SweepRule rule{options.sites, std::max(options.eps, 4 * precision), options.max_rank};
  for (std::int64_t count = 0; count < options.max_sweeps; ++count) {
    auto log = sweeper.sweep(rule, std::ref(local));
    out.x = sweeper.train();
    out.x.log_scale = scale;
    log.value = local.value;
    log.residual = residual_of(a, out.x, b, size);
    out.sweeps.push_back(log);
    out.residual = log.residual;
    out.converged = out.residual <= options.tolerance;
    if (out.converged || stalls(out.sweeps)) break;
  }
  return out;
}

}  // namespace ranklens::tn
