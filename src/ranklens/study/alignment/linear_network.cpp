#include "ranklens/study/alignment/linear_network.h"

#include <algorithm>
#include <tuple>

#include <ATen/TensorOperators.h>
#include <ATen/ops/bincount.h>
#include <ATen/ops/log_sigmoid.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include "ranklens/base/error.h"
#include "ranklens/study/alignment/assignment.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/linalg/svd.h"

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

/// The best matched mean of |<a_c, b_c>| over the leading columns that both have, `most` at most.
double matched(const at::Tensor& a, const at::Tensor& b, std::int64_t most) {
  auto count = std::min(a.size(1), b.size(1));
  if (most > 0) count = std::min(count, most);
  if (count == 0) return 0;
  const auto products =
      at::matmul(a.narrow(1, 0, count).t(), b.narrow(1, 0, count)).abs().contiguous();
  const auto places = best_assignment(products);
  double sum = 0;
  for (std::size_t k = 0; k < places.size(); ++k) {
    sum += products[static_cast<std::int64_t>(k)][places[k]].item<double>();
  }
  return sum / static_cast<double>(count);
}

/// Gathers the entries of a structure: those of matrix k at (row, column).
class Entries {
 public:
  Entries(std::int64_t rows, std::int64_t columns) : rows_(rows), columns_(columns) {}
  void add(std::int64_t k, std::int64_t row, std::int64_t column) {
    places_.push_back(row * columns_ + column), of_.push_back(k);
  }
  Structure structure(std::int64_t dimension) const {
    const auto of = at::tensor(of_, at::kLong);
    const auto counts = at::bincount(of, {}, dimension).to(at::kDouble);
    return {rows_, columns_, at::tensor(places_, at::kLong), of, counts.sqrt()};
  }

 private:
  std::int64_t rows_, columns_;
  std::vector<std::int64_t> places_, of_;
};

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
  const auto values = (coefficients / norms).index_select(0, of);
  return at::zeros({rows * columns}, coefficients.options())
      .index_copy_(0, places, values)
      .view({rows, columns});
}

at::Tensor Structure::pulled_back(const at::Tensor& gradient) const {
  const auto values = gradient.reshape({-1}).index_select(0, places);
  return at::zeros_like(norms).index_add_(0, of, values) / norms;
}

at::Tensor Structure::projected(const at::Tensor& matrix_given) const {
  return matrix(pulled_back(matrix_given));
}

Structure toeplitz(std::int64_t n) {
  base::require(n >= 1, "a Toeplitz matrix has at least one row");
  Entries entries(n, n);
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < n; ++j) entries.add(i - j + n - 1, i, j);
  }
  return entries.structure(2 * n - 1);
}

Structure convolution(std::int64_t side, std::int64_t kernel) {
  base::require(side >= 1 && kernel >= 1 && kernel % 2 == 1 && kernel <= 2 * side - 1,
                "a convolution of {0}x{0} pixels has an odd kernel of at most {1}, not one of {2}",
                side, 2 * side - 1, kernel);
  const auto pixels = side * side, half = kernel / 2;
  Entries entries(pixels, pixels);
  for (std::int64_t row = 0; row < side; ++row) {
    for (std::int64_t column = 0; column < side; ++column) {
      for (std::int64_t dy = -half; dy <= half; ++dy) {
        for (std::int64_t dx = -half; dx <= half; ++dx) {
          const auto y = row + dy, x = column + dx;
          if (y < 0 || y >= side || x < 0 || x >= side) continue;
          entries.add((dy + half) * kernel + dx + half, row * side + column, y * side + x);
        }
      }
    }
  }
  return entries.structure(kernel * kernel);
}

Singular singular_vectors(const at::Tensor& layer) {
  const auto [u, s, vh] = tn::reduced_svd(layer);
  const auto kept = (s > 1e-10 * s.max()).sum().item<std::int64_t>();
  return {u.narrow(1, 0, kept), vh.t().narrow(1, 0, kept)};
}

std::vector<Singular> singular_vectors(const Layers& layers) {
  std::vector<Singular> found;
  for (const auto& layer : layers) found.push_back(singular_vectors(layer));
  return found;
}

double alignment(const Singular& lower, const Singular& upper, std::int64_t most) {
  return matched(lower.u, upper.v, most);
}

double invariance(const Singular& before, const Singular& now, std::int64_t most) {
  return (matched(before.u, now.u, most) + matched(before.v, now.v, most)) / 2;
}

double mean_alignment(const std::vector<Singular>& layers, std::int64_t most) {
  base::require(layers.size() >= 2, "one layer has no neighbour");
  double sum = 0;
  for (std::size_t k = 0; k + 1 < layers.size(); ++k) {
    sum += alignment(layers[k], layers[k + 1], most);
  }
  return sum / static_cast<double>(layers.size() - 1);
}

double mean_invariance(const std::vector<Singular>& before, const std::vector<Singular>& now,
                       std::int64_t most) {
  base::require(!now.empty() && before.size() == now.size(),
                "layers are compared with as many of an earlier time");
  double sum = 0;
  for (std::size_t k = 0; k < now.size(); ++k) sum += invariance(before[k], now[k], most);
  return sum / static_cast<double>(now.size());
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
