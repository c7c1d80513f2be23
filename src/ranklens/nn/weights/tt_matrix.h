#pragma once

#include "ranklens/nn/weight.h"

namespace ranklens::nn {

/// A tensor-train matrix (matrix product operator): W[(m_1..m_d), (n_1..n_d)] = G_1[m_1,n_1] ...
/// G_d[m_d,n_d] with cores [r_{k-1}, m_k, n_k, r_k], r_0 = r_d = 1, row-major multi-indices, first
/// mode slowest (Oseledets 2011; Novikov, Podoprikhin, Osokin, Vetrov 2015, eq. 5). Any number of
/// cores, any mode sizes.
class TTMatrix final : public FactorisedFormat {
 public:
  /// `shape` is that of the tensor it stands for: [M, N], or a convolution's whose matrix form is M
  /// x N.
  TTMatrix(Shape shape, std::vector<at::Tensor> cores);
  /// TT-SVD (Oseledets 2011, alg. 1) with at most the given inner ranks (one for all, or d - 1;
  /// none: no bounds) and a relative Frobenius error of at most eps (kept, unless a rank is hit).
  static Weight from_dense(const at::Tensor& dense, const Shape& out, const Shape& in,
                           const Shape& ranks, double eps = 0);
  static Weight read(const nlohmann::json& structure, const std::vector<Factor>& factors);

  const std::vector<at::Tensor>& cores() const { return cores_; }
  Shape out_modes() const;
  Shape in_modes() const;
  /// Inner ranks, d - 1 of them.
  Shape ranks() const;

  std::string_view kind() const override { return "tt"; }
  std::vector<Factor> factors() const override;
  Weight with(std::vector<at::Tensor> tensors) const override;
  std::string spec() const override;
  at::Tensor linear(const at::Tensor& x, const at::Tensor& bias) const override;
  at::Tensor linear_adjoint(const at::Tensor& y) const override;
  /// The kernel is multiplied out, then convolved with.
  at::Tensor conv2d(const at::Tensor& x, const at::Tensor& bias,
                    const ConvGeometry& geometry) const override;
  at::Tensor dense() const override;
  at::Tensor rows(const at::Tensor& indices) const override;
  /// Of a kernel those of the dense one, which is what conv2d() applies.
  std::int64_t multiply_adds() const override;
  std::int64_t row_multiply_adds() const override;

 private:
  std::vector<at::Tensor> cores_;
};

}  // namespace ranklens::nn
