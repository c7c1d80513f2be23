#pragma once

#include <cstdint>
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

/// A layer that is a combination of given matrices, sum_k c_k B_k: Toeplitz, a convolution. The
/// matrices have norm one and do not overlap: all entries of one that are not zero are the same.
struct Structure {
  std::int64_t rows = 0, columns = 0;
  at::Tensor places;  ///< [e], int64: where entries are not zero, in the flattened matrix
  at::Tensor of;      ///< [e], int64: to which of the matrices they belong
  at::Tensor norms;   ///< [p]: of the matrices when these entries are 1
  std::int64_t dimension() const { return norms.size(0); }
  at::Tensor matrix(const at::Tensor& coefficients) const;
  /// <B_k, G> for each k: the gradient with respect to the coefficients.
  at::Tensor pulled_back(const at::Tensor& gradient) const;
  /// The nearest matrix of the structure.
  at::Tensor projected(const at::Tensor& matrix) const;
};
/// The 2 n - 1 diagonals of n x n.
Structure toeplitz(std::int64_t n);
/// Convolutions with `kernel` x `kernel` weights of images side x side, zeros around: kernel^2
/// matrices of side^2 x side^2.
Structure convolution(std::int64_t side, std::int64_t kernel);

/// Singular vectors of a layer that belong to singular values above 1e-10 of the largest, in
/// falling order: those of a layer of low rank that are not an arbitrary basis of its null space.
struct Singular {
  at::Tensor u, v;  ///< columns
};
Singular singular_vectors(const at::Tensor& layer);

/// Mean over columns of |<U_i[:, c], V_{i+1}[:, c]>| of the left singular vectors of the lower
/// layer and the right ones of the upper, matched so that it is the largest; of as many leading
/// ones as both have, and of `most` at most (0: all). 1: aligned. 0 where a layer is zero.
double alignment(const Singular& lower, const Singular& upper, std::int64_t most = 0);
/// The same of the singular vectors of one layer at two times, over its left and right ones.
double invariance(const Singular& before, const Singular& now, std::int64_t most = 0);
/// The mean of alignment() over the d - 1 pairs of neighbouring layers.
double mean_alignment(const std::vector<Singular>& layers, std::int64_t most = 0);
/// The mean of invariance() over the layers.
double mean_invariance(const std::vector<Singular>& before, const std::vector<Singular>& now,
                       std::int64_t most = 0);
std::vector<Singular> singular_vectors(const Layers& layers);
/// Largest ||W_{i+1}^T W_{i+1} - W_i W_i^T - (the same at the start)||_F: 0 along a gradient flow.
double balance_drift(const Layers& start, const Layers& now);

}  // namespace ranklens::study::alignment
