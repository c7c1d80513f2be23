#pragma once

#include "ranklens/nn/weight.h"

namespace ranklens::nn {

/// A Tucker-2 weight: W[o, i, ...] = sum_ab U[o, a] C[a, b, ...] V[i, b] with U [out, p], C [p, q,
/// height, width], V [in, q] (Kim, Park, Yoo, Choi, Yang, Shin 2016). A convolution becomes one of
/// 1x1 (in to q), the core's (q to p, which carries stride, padding and dilation) and one of 1x1 (p
/// to out); a matrix becomes three products. Window modes stay as they are.
class Tucker2 final : public FactorisedFormat {
 public:
  Tucker2(Shape shape, at::Tensor u, at::Tensor core, at::Tensor v);
  /// The sequentially truncated higher-order SVD in the two channel modes; `eps` relative Frobenius
  /// (kept), `ranks` {p, q} at most (none: no bound).
  static Weight from_dense(const at::Tensor& dense, const Shape& ranks, double eps = 0);
  static Weight read(const nlohmann::json& structure, const std::vector<Factor>& factors);

  const at::Tensor& u() const { return u_; }
  const at::Tensor& core() const { return core_; }
  const at::Tensor& v() const { return v_; }

  std::string_view kind() const override { return "tucker"; }
  std::vector<Factor> factors() const override { return {{"U", u_}, {"C", core_}, {"V", v_}}; }
  Weight with(std::vector<at::Tensor> tensors) const override;
  std::string spec() const override;
  at::Tensor linear(const at::Tensor& x, const at::Tensor& bias) const override;
  at::Tensor linear_adjoint(const at::Tensor& y) const override;
  at::Tensor conv2d(const at::Tensor& x, const at::Tensor& bias,
                    const ConvGeometry& geometry) const override;
  at::Tensor dense() const override;
  at::Tensor rows(const at::Tensor& indices) const override;
  std::int64_t multiply_adds() const override { return u_.numel() + core_.numel() + v_.numel(); }
  /// V meets the pixels of the input, before the core's stride and padding.
  std::int64_t conv_multiply_adds(const ConvSizes& sizes) const override;
  std::int64_t row_multiply_adds() const override { return core_.numel() + v_.numel(); }

 private:
  /// C as a matrix [p, q], of a weight that is one.
  at::Tensor core_matrix() const;

  at::Tensor u_, core_, v_;
};

}  // namespace ranklens::nn
