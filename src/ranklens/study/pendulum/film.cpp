#include "ranklens/study/pendulum/film.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_svd.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/meshgrid.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>

#include "ranklens/base/clock.h"
#include "ranklens/base/error.h"
#include "ranklens/optim/low_rank/integrator.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::study::pendulum {
namespace {

using optim::LowRank;

// A picture of the rod from the middle to (sin, -cos) * 0.8 and the bob at its end.
at::Tensor picture(double angle, const at::Tensor& x, const at::Tensor& y) {
  const double ex = 0.8 * std::sin(angle), ey = -0.8 * std::cos(angle);
  const auto along = ((x * ex + y * ey) / (ex * ex + ey * ey)).clamp(0, 1);
  const auto rod = (x - along * ex).square() + (y - along * ey).square();
  const auto bob = (x - ex).square() + (y - ey).square();
  return at::maximum((-rod / (2 * 0.04 * 0.04)).exp() * 0.5, (-bob / (2 * 0.12 * 0.12)).exp());
}

// G = -(new - old) e_j^T: every product with it costs one column.
optim::Gradient of_column(const LowRank& at, const at::Tensor& change, std::int64_t column) {
  const auto row = at.v.narrow(0, column, 1);
  auto l = at::zeros({at.v.size(0), at.u.size(1)}, at.u.options());
  const auto seen = at::matmul(change.unsqueeze(0), at.u);
  l.narrow(0, column, 1).copy_(-seen);
  return {.k = -at::matmul(change.unsqueeze(1), row),
          .l = l,
          .s = -at::matmul(seen.t(), row),
          .between = [=](const at::Tensor& left, const at::Tensor& right) {
            return -at::matmul(at::matmul(left.t(), change.unsqueeze(1)),
                               right.narrow(0, column, 1));
          }};
}

}  // namespace

at::Tensor film(const Motion& motion, double step, std::int64_t frames, std::int64_t side) {
  base::require(frames >= 2 && side >= 8 && side <= 1024,
                "a film has at least 2 frames of 8 to 1024 pixels a side");
  const auto line = at::linspace(-1, 1, side, at::kDouble);
  const auto grid = at::meshgrid({line, line}, "ij");
  std::vector<at::Tensor> pictures;
  for (const double angle : swing(motion, step, frames)) {
    pictures.push_back(picture(angle, grid[1], -grid[0]).flatten());
  }
  return at::stack(pictures);
}

Following follow(const at::Tensor& film, std::int64_t window, std::int64_t rank) {
  base::require(window >= rank && film.size(0) > window,
                "a window of {} frames is no wider than the film and no narrower than the rank {}",
                window, rank);
  auto matrix = film.narrow(0, 0, window).t().contiguous();
  LowRank now = optim::nearest(matrix, rank);
  const auto integrator = optim::augmented_bug(optim::CoreGradient::held);
  Following found;
  for (std::int64_t frame = window; frame < film.size(0); ++frame) {
    const auto column = frame % window;
    base::Stopwatch watch;
    const auto change = film[frame] - matrix.select(1, column);
    const auto moved = optim::run(integrator, now, 1,
                                  [&](const LowRank& at) { return of_column(at, change, column); });
    now = optim::truncate_to(moved, rank).matrix;
    found.seconds_followed += watch.seconds();
    matrix.select(1, column).copy_(film[frame]);
    watch.restart();
    const auto values = std::get<1>(at::linalg_svd(matrix, /*full_matrices=*/false));
    found.seconds_decomposed += watch.seconds();
    const double norm = tn::frobenius(matrix);
    found.errors.push_back(tn::frobenius(now.dense() - matrix) / norm);
    found.best_errors.push_back(tn::frobenius(values.narrow(0, rank, values.size(0) - rank)) /
                                norm);
    ++found.steps;
  }
  return found;
}

}  // namespace ranklens::study::pendulum
