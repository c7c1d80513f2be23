#pragma once

#include <functional>
#include <vector>

#include <ATen/core/Tensor.h>

/// Deep linear networks and how their layers lie to each other (Ji, Telgarsky 2019; Radhakrishnan,
/// Nichani, Bernstein, Uhler 2020). All in float64.
namespace ranklens::study::alignment {

/// W_1 ... W_d of f(X) = W_d ... W_1 X, the first applied first.
using Layers = std::vector<at::Tensor>;

struct Task {
  enum class Loss {
    squared,  ///< ||f(X) - Y||^2 / (2 n)
    logistic  ///< mean of log(1 + exp(-y f)) over all n columns, y = +-1, one output
  };
  at::Tensor x;  ///< [k, n], one example a column
  at::Tensor y;  ///< [c, n]
  Loss loss = Loss::squared;
};

double loss_of(const Layers& layers, const Task& task);
/// dL/dW_i, in closed form: (W_d ... W_{i+1})^T dL/df (W_{i-1} ... W_1 X)^T.
Layers gradients_of(const Layers& layers, const Task& task);

/// A layer that is a combination of given matrices, sum_k c_k B_k: Toeplitz, a convolution.
struct Structure {
  at::Tensor basis;  ///< [p, m, n], orthonormal
  at::Tensor matrix(const at::Tensor& coefficients) const;
  /// <B_k, G> for each k: the gradient with respect to the coefficients.
  at::Tensor pulled_back(const at::Tensor& gradient) const;
  /// The nearest matrix of the structure.
  at::Tensor projected(const at::Tensor& matrix) const;
};
/// [2 n - 1, n, n], the diagonals, each divided by its norm.
Structure toeplitz(std::int64_t n);
/// Convolutions with `kernel` x `kernel` weights of images side x side, zeros around: [kernel^2,
/// side^2, side^2].
Structure convolution(std::int64_t side, std::int64_t kernel);

/// Mean over the columns of |<U_i[:, c], V_{i+1}[:, c]>| of the left singular vectors of the lower
/// layer and the right ones of the upper, matched so that it is the largest. 1: aligned.
double alignment(const at::Tensor& lower, const at::Tensor& upper);
/// The same of the singular vectors of one layer at two times, over its left and right ones.
double invariance(const at::Tensor& before, const at::Tensor& now);
/// |<u_1(lower), v_1(upper)>| of the leading singular vectors alone.
double leading_alignment(const at::Tensor& lower, const at::Tensor& upper);
/// The mean of any of them over the d - 1 pairs of neighbouring layers.
double mean_over_pairs(const Layers& layers,
                       double (*measure)(const at::Tensor&, const at::Tensor&));
/// Largest ||W_{i+1}^T W_{i+1} - W_i W_i^T - (the same at the start)||_F: 0 along a gradient flow.
double balance_drift(const Layers& start, const Layers& now);

}  // namespace ranklens::study::alignment
