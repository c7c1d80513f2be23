#pragma once

#include "ranklens/nn/weight.h"

namespace ranklens::nn {

/// A tensor-train matrix (matrix product operator): W[(m_1..m_d), (n_1..n_d)] = G_1[m_1,n_1] ...
/// G_d[m_d,n_d] with cores [r_{k-1}, m_k, n_k, r_k], r_0 = r_d = 1, row-major multi-indices, first
/// mode slowest (Oseledets 2011; Novikov, Podoprikhin, Osokin, Vetrov 2015, eq. 5). Any number of
/// cores, any mode sizes.
class TTMatrix final : public WeightFormat {
 public:
  /// `shape` is that of the tensor it stands for: [M, N], or a convolution's whose matrix form is M
  /// x N.
  TTMatrix(Shape shape, std::vector<at::Tensor> cores);
  /// TT-SVD with at most the given inner ranks (d - 1 of them); error-optimal per unfolding
  /// (Oseledets 2011, alg. 1).
  static Weight from_dense(const at::Tensor& dense, const Shape& out, const Shape& in,
                           const Shape& ranks);
  static Weight read(const nlohmann::json& structure, std::vector<Factor> factors);

  const std::vector<at::Tensor>& cores() const { return cores_; }
  Shape out_modes() const;
  Shape in_modes() const;
  /// Inner ranks, d - 1 of them.
  Shape ranks() const;

  std::string_view kind() const override { return "tt"; }
  Shape shape() const override { return shape_; }
  std::vector<Factor> factors() const override;
  Weight with(std::vector<at::Tensor> tensors) const override;
  nlohmann::json structure() const override;
  std::string spec() const override;
  at::Tensor linear(const at::Tensor& x, const at::Tensor& bias) const override;
  at::Tensor linear_adjoint(const at::Tensor& y) const override;
  at::Tensor conv2d(const at::Tensor& x, const at::Tensor& bias,
                    const ConvGeometry& geometry) const override;
  at::Tensor dense() const override;
  std::int64_t multiply_adds() const override;

 private:
  Shape shape_;
  std::vector<at::Tensor> cores_;
};

}  // namespace ranklens::nn
