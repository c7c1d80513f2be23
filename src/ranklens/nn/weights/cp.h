#pragma once

#include "ranklens/nn/weight.h"

namespace ranklens::tn {
struct CP;
}

namespace ranklens::nn {

/// A canonical polyadic weight: W[o, i, y, x] = sum_r A[o, r] B[i, r] Y[y, r] X[x, r] (Lebedev,
/// Ganin, Rakhuba, Oseledets, Lempitsky 2015). A convolution becomes one of 1x1 (in to r), one down
/// and one across each channel by itself, and one of 1x1 (r to out); of a matrix A and B are left.
class CPKernel final : public FactorisedFormat {
 public:
  /// `factors` [n_k, r], one for each dimension of `shape`.
  CPKernel(Shape shape, std::vector<at::Tensor> factors);
  /// Alternating least squares of that rank, under a bound on how far terms may cancel each other
  /// (without one they grow without end and no step of training keeps them apart).
  static Weight from_dense(const at::Tensor& dense, std::int64_t rank);
  /// The terms as they are: every factor takes its share of their weights, which must not be < 0.
  static Weight from_terms(const tn::CP& terms);
  static Weight read(const nlohmann::json& structure, const std::vector<Factor>& factors);

  std::int64_t rank() const { return factors_.front().size(1); }

  std::string_view kind() const override { return "cp"; }
  std::vector<Factor> factors() const override;
  Weight with(std::vector<at::Tensor> tensors) const override;
  std::string spec() const override;
  at::Tensor linear(const at::Tensor& x, const at::Tensor& bias) const override;
  at::Tensor linear_adjoint(const at::Tensor& y) const override;
  at::Tensor conv2d(const at::Tensor& x, const at::Tensor& bias,
                    const ConvGeometry& geometry) const override;
  at::Tensor dense() const override;
  at::Tensor rows(const at::Tensor& indices) const override;
  std::int64_t multiply_adds() const override;
  /// B meets the pixels of the input, Y every column of the padded input in the rows of the output.
  std::int64_t conv_multiply_adds(const ConvSizes& sizes) const override;
  std::int64_t row_multiply_adds() const override { return rank() * columns(); }

 private:
  std::vector<at::Tensor> factors_;
};

}  // namespace ranklens::nn
