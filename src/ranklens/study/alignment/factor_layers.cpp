#include "ranklens/study/alignment/factor_layers.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/linalg/svd.h"

namespace ranklens::study::alignment {

std::int64_t side_of(std::int64_t n) {
  const auto root = static_cast<std::int64_t>(std::llround(std::sqrt(static_cast<double>(n))));
  base::require(root * root == n, "a train of two equal cores needs a square number, not {}", n);
  return root;
}

FactorLayers::FactorLayers(const Layers& layers, FactorForm form, std::int64_t rank) : form_(form) {
  base::require(!layers.empty() && rank >= 1, "there is nothing to put into factors");
  rows_ = layers.front().size(0), columns_ = layers.front().size(1);
  for (const auto& layer : layers) {
    base::require(layer.size(0) == rows_ && layer.size(1) == columns_,
                  "layers in factors are of one shape");
    const auto [u, s, vh] = tn::reduced_svd(unfolded(layer));
    const auto kept = std::min(rank, s.size(0));
    const auto root = s.narrow(0, 0, kept).sqrt();
    pairs_.push_back({u.narrow(1, 0, kept) * root, root.unsqueeze(1) * vh.narrow(0, 0, kept)});
  }
}

// [m1 m2, n1 n2] -> [m1 n1, m2 n2], the unfolding between the cores.
at::Tensor FactorLayers::unfolded(const at::Tensor& matrix) const {
  if (form_ == FactorForm::low_rank) return matrix;
  const auto m = side_of(rows_), n = side_of(columns_);
  return matrix.reshape({m, m, n, n}).permute({0, 2, 1, 3}).reshape({m * n, m * n});
}

at::Tensor FactorLayers::folded(const at::Tensor& matrix) const {
  if (form_ == FactorForm::low_rank) return matrix;
  const auto m = side_of(rows_), n = side_of(columns_);
  return matrix.view({m, n, m, n}).permute({0, 2, 1, 3}).reshape({rows_, columns_});
}

Layers FactorLayers::dense() const {
  Layers layers;
  for (const auto& [left, right] : pairs_) layers.push_back(folded(at::matmul(left, right)));
  return layers;
}

void FactorLayers::descend(const Task& task, double rate) {
  const auto gradients = gradients_of(dense(), task);
  for (std::size_t k = 0; k < pairs_.size(); ++k) {
    auto& [left, right] = pairs_[k];
    const auto gradient = unfolded(gradients[k].contiguous());
    const auto to_left = at::matmul(gradient, right.t()), to_right = at::matmul(left.t(), gradient);
    left = left - rate * to_left;
    right = right - rate * to_right;
  }
}

}  // namespace ranklens::study::alignment
