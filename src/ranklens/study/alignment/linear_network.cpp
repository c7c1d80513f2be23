#include "ranklens/study/alignment/linear_network.h"

#include <algorithm>
#include <tuple>

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_svd.h>
#include <ATen/ops/log_sigmoid.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros.h>

#include "ranklens/base/error.h"
#include "ranklens/study/alignment/assignment.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::study::alignment {
namespace {

at::Tensor output(const Layers& layers, const at::Tensor& x) {
  auto value = x;
  for (const auto& layer : layers) value = at::matmul(layer, value);
  return value;
}

/// dL/df.
at::Tensor residual(const at::Tensor& f, const Task& task) {
  const auto n = static_cast<double>(task.x.size(1));
  if (task.loss == Task::Loss::squared) return (f - task.y) / n;
  return -task.y * (-task.y * f).sigmoid() / n;
}

struct Factors {
  at::Tensor u, v;  ///< columns
};

Factors singular_vectors(const at::Tensor& matrix) {
  const auto [u, s, vh] = at::linalg_svd(matrix, /*full_matrices=*/false);
  return {u, vh.t()};
}

/// The best matched mean of |<a_c, b_c>| over columns.
double matched(const at::Tensor& a, const at::Tensor& b) {
  const auto count = std::min(a.size(1), b.size(1));
  const auto products =
      at::matmul(a.narrow(1, 0, count).t(), b.narrow(1, 0, count)).abs().contiguous();
  const auto places = best_assignment(products);
  double sum = 0;
  for (std::size_t k = 0; k < places.size(); ++k) {
    sum += products[static_cast<std::int64_t>(k)][places[k]].item<double>();
  }
  return sum / static_cast<double>(count);
}

/// Matrices that do not overlap, each of norm one: then descent on the coefficients is descent on
/// the matrices, projected.
Structure orthonormal_structure(const at::Tensor& basis) {
  return {basis / basis.square().sum({1, 2}, /*keepdim=*/true).sqrt()};
}

}  // namespace

double loss_of(const Layers& layers, const Task& task) {
  const auto f = output(layers, task.x);
  const auto n = static_cast<double>(task.x.size(1));
  if (task.loss == Task::Loss::squared) {
    return (f - task.y).square().sum().item<double>() / (2 * n);
  }
  return -at::log_sigmoid(task.y * f).sum().item<double>() / n;
}

Layers gradients_of(const Layers& layers, const Task& task) {
  std::vector<at::Tensor> below{task.x};
  for (const auto& layer : layers) below.push_back(at::matmul(layer, below.back()));
  auto above = residual(below.back(), task);
  Layers gradients(layers.size());
  for (std::size_t k = layers.size(); k-- > 0;) {
    gradients[k] = at::matmul(above, below[k].t());
    above = at::matmul(layers[k].t(), above);
  }
  return gradients;
}

at::Tensor Structure::matrix(const at::Tensor& coefficients) const {
  return (basis * coefficients.view({-1, 1, 1})).sum(0);
}

at::Tensor Structure::pulled_back(const at::Tensor& gradient) const {
  return (basis * gradient.unsqueeze(0)).sum({1, 2});
}

at::Tensor Structure::projected(const at::Tensor& matrix_given) const {
  return matrix(pulled_back(matrix_given));
}

Structure toeplitz(std::int64_t n) {
  base::require(n >= 1, "a Toeplitz matrix has at least one row");
  auto basis = at::zeros({2 * n - 1, n, n}, at::kDouble);
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < n; ++j) basis[i - j + n - 1][i][j] = 1;
  }
  return orthonormal_structure(basis);
}

Structure convolution(std::int64_t side, std::int64_t kernel) {
  base::require(side >= 1 && kernel >= 1 && kernel % 2 == 1,
                "a convolution has an odd kernel, not one of {}", kernel);
  const auto pixels = side * side, half = kernel / 2;
  auto basis = at::zeros({kernel * kernel, pixels, pixels}, at::kDouble);
  auto entries = basis.accessor<double, 3>();
  for (std::int64_t row = 0; row < side; ++row) {
    for (std::int64_t column = 0; column < side; ++column) {
      for (std::int64_t dy = -half; dy <= half; ++dy) {
        for (std::int64_t dx = -half; dx <= half; ++dx) {
          const auto y = row + dy, x = column + dx;
          if (y < 0 || y >= side || x < 0 || x >= side) continue;
          entries[(dy + half) * kernel + dx + half][row * side + column][y * side + x] = 1;
        }
      }
    }
  }
  return orthonormal_structure(basis);
}

double alignment(const at::Tensor& lower, const at::Tensor& upper) {
  return matched(singular_vectors(lower).u, singular_vectors(upper).v);
}

double invariance(const at::Tensor& before, const at::Tensor& now) {
  const auto a = singular_vectors(before), b = singular_vectors(now);
  return (matched(a.u, b.u) + matched(a.v, b.v)) / 2;
}

double leading_alignment(const at::Tensor& lower, const at::Tensor& upper) {
  const auto u = singular_vectors(lower).u.select(1, 0), v = singular_vectors(upper).v.select(1, 0);
  return (u * v).sum().abs().item<double>();
}

double mean_over_pairs(const Layers& layers,
                       double (*measure)(const at::Tensor&, const at::Tensor&)) {
  base::require(layers.size() >= 2, "one layer has no neighbour");
  double sum = 0;
  for (std::size_t k = 0; k + 1 < layers.size(); ++k) sum += measure(layers[k], layers[k + 1]);
  return sum / static_cast<double>(layers.size() - 1);
}

double balance_drift(const Layers& start, const Layers& now) {
  const auto difference = [](const Layers& layers, std::size_t k) {
    return at::matmul(layers[k + 1].t(), layers[k + 1]) - at::matmul(layers[k], layers[k].t());
  };
  double most = 0;
  for (std::size_t k = 0; k + 1 < start.size(); ++k) {
    most = std::max(most, tn::frobenius(difference(now, k) - difference(start, k)));
  }
  return most;
}

}  // namespace ranklens::study::alignment
