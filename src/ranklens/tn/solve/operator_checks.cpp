#include "ranklens/tn/solve/operator_checks.h"

#include <cmath>

#include "ranklens/base/error.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/train/algebra.h"
#include "ranklens/tn/train/make.h"
#include "ranklens/tn/train/sweep.h"

namespace ranklens::tn {

void check_square(const TTMatrix& a) {
  check(a);
  for (std::size_t k = 0; k < a.cores.size(); ++k) {
    check_values(a.cores[k], "a core of the TT matrix");
  }
  base::require(row_modes(a) == column_modes(a),
                "a solver needs a square TT matrix; its row modes are {}, its column modes {}",
                text(row_modes(a)), text(column_modes(a)));
}

void check_hermitian(const TTMatrix& a) {
  const double allowed = 1e3 * machine_epsilon(a.cores[0].scalar_type());
  base::require(norm(a - adjoint(a)) <= allowed * norm(a),
                "the TT matrix is not Hermitian: the solver needs A = A^H");
}

TensorTrain solver_start(const TTMatrix& a, const std::optional<TensorTrain>& given,
                         std::int64_t ranks, std::uint64_t seed) {
  const auto sizes = column_modes(a);
  if (!given) {
    base::Stream stream(seed, "init", "solve");
    const auto dtype = a.cores[0].scalar_type();
    auto train = random(stream, sizes, {.ranks = {ranks}, .dtype = dtype});
    train = canonical(to(train, a.cores[0].options()), 0);
    train.log_scale = 0;
    return train;
  }
  check(*given);
  base::require(shape(*given) == sizes, "the start has shape {}, the TT matrix columns {}",
                text(shape(*given)), text(sizes));
  check_alike(a.cores[0], given->cores[0], "a solver");
  return canonical(*given, 0);
}

void check_solver(std::int64_t sites, double tolerance, double eps, std::int64_t max_rank,
                  std::int64_t max_sweeps, std::int64_t start_rank) {
  base::require(sites == 1 || sites == 2, "a solver works on 1 or 2 sites at a time, not on {}",
                sites);
  base::require(tolerance >= 0 && std::isfinite(tolerance),
                "the tolerance of a solver must be a number >= 0; it is {}", tolerance);
  base::require(eps >= 0 && std::isfinite(eps), "eps must be a number >= 0; it is {}", eps);
  base::require(max_rank >= 1 && start_rank >= 1, "the ranks of a solver must be at least 1");
  base::require(max_sweeps >= 1, "a solver needs at least one sweep");
}

}  // namespace ranklens::tn
