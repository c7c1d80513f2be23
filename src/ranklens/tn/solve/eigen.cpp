#include "ranklens/tn/solve/eigen.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/real.h>

#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/solve/krylov.h"
#include "ranklens/tn/solve/operator_checks.h"
#include "ranklens/tn/train/algebra.h"

namespace ranklens::tn {
namespace {

/// Solves local eigenproblems; the value is that of the last one.
struct LocalEigenproblems {
  std::int64_t dense_below;
  KrylovOptions krylov;
  double value = 0;

  at::Tensor operator()(const LocalProblem& problem, SweepLog& log) {
    if (problem.system.columns() <= dense_below) {
      const auto [values, vectors] = at::linalg_eigh(problem.system.matrix());
      value = values[0].item<double>();
      return vectors.select(1, 0).contiguous();
    }
    const auto apply = [&](const at::Tensor& x) { return problem.system.apply(x); };
    const auto found = lanczos(apply, problem.present, krylov);
    log.products += found.products;
    log.residual = std::max(log.residual, found.residual);
    value = found.value;
    return found.vector;
  }
};

}  // namespace

EigenSolution lowest_eigenpair(const TTMatrix& a, const EigenOptions& options) {
  check_square(a);
  check_solver(options.sites, options.tolerance, options.eps, options.max_rank, options.max_sweeps,
               options.start_rank);
  check_hermitian(a);
  auto start = solver_start(a, options.start, options.start_rank, options.seed);
  start.log_scale = 0;
  const double scale = std::exp(a.log_scale);
  const double precision = machine_epsilon(a.cores[0].scalar_type());
  // The error of an eigenvalue is of the order of the residual squared.
  const double local = std::max(std::sqrt(options.tolerance) / 100, 64 * precision);
  LocalEigenproblems problems{options.dense_below, {.tolerance = local, .max_products = 72}};
  const SweepRule rule{options.sites, std::max(options.eps, 4 * precision), options.max_rank};
  Sweeper sweeper(a, start);
  EigenSolution out;
  for (std::int64_t count = 0; count < options.max_sweeps && !out.converged; ++count) {
    auto log = sweeper.sweep(rule, std::ref(problems));
    log.value = scale * problems.value;
    log.residual *= scale;
    const double before = out.value;
    out.value = log.value;
    const double allowed = options.tolerance * std::max(scale, std::abs(out.value));
    out.converged = count > 0 && std::abs(out.value - before) <= allowed && !log.rank_limited;
    out.sweeps.push_back(log);
  }
  out.x = canonical(sweeper.train(), 0);
  out.x.log_scale = 0;
  // <x|A|x> of what was kept: cuts came after the local problems.
  const auto image = matmul(a, out.x);
  out.value = at::real(dot(out.x, image)).item<double>();
  out.residual = norm(image - out.value * out.x);
  return out;
}

}  // namespace ranklens::tn
