#pragma once

#include "ranklens/nn/weight.h"

namespace ranklens::nn {

/// W = U S V^T of rank r, or W = U V^T where the core is absorbed (S undefined). U [out, r], S [r,
/// r], V [in, r]; a convolution's kernel is taken as the matrix [out, in * height * width].
class FixedRank final : public FactorisedFormat {
 public:
  FixedRank(Shape shape, at::Tensor u, at::Tensor s, at::Tensor v);
  /// The best approximation of a dense weight (Eckart, Young 1936) as U sqrt(S), V sqrt(S): of rank
  /// at most `ranks` {r} (none: no bound) and a relative Frobenius error of at most eps (kept,
  /// unless the rank is hit).
  static Weight from_dense(const at::Tensor& dense, const Shape& ranks, double eps = 0);
  static Weight read(const nlohmann::json& structure, const std::vector<Factor>& factors);

  std::int64_t rank() const { return u_.size(1); }
  const at::Tensor& u() const { return u_; }
  const at::Tensor& s() const { return s_; }
  const at::Tensor& v() const { return v_; }

  std::string_view kind() const override { return "low_rank"; }
  std::vector<Factor> factors() const override;
  Weight with(std::vector<at::Tensor> tensors) const override;
  std::string spec() const override;
  at::Tensor linear(const at::Tensor& x, const at::Tensor& bias) const override;
  at::Tensor linear_adjoint(const at::Tensor& y) const override;
  /// The kernel of r filters V^T, then a 1x1 convolution with U.
  at::Tensor conv2d(const at::Tensor& x, const at::Tensor& bias,
                    const ConvGeometry& geometry) const override;
  at::Tensor dense() const override;
  at::Tensor rows(const at::Tensor& indices) const override;
  std::int64_t multiply_adds() const override { return u_.numel() + v_.numel(); }
  std::int64_t row_multiply_adds() const override { return v_.numel(); }

 private:
  /// U S [out, r].
  at::Tensor left() const;

  at::Tensor u_, s_, v_;
};

}  // namespace ranklens::nn
