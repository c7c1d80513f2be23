#pragma once

#include "ranklens/nn/weight.h"

namespace ranklens::nn {

/// A convolution's kernel as a tensor train over its window and its channels (Garipov, Podoprikhin,
/// Novikov, Vetrov 2016, eq. 7): W[(o_1..o_d), (i_1..i_d), y, x] = G_0[y, x] G_1[o_1, i_1] ...
/// G_d[o_d, i_d] with G_0 [height, width, r_0] and cores [r_{k-1}, o_k, i_k, r_k], r_d = 1;
/// channels are row-major multi-indices, first mode slowest. The window is applied to every channel
/// by itself, the train to the channels of every pixel: nothing is unfolded.
class TTConv final : public FactorisedFormat {
 public:
  TTConv(Shape shape, at::Tensor window, std::vector<at::Tensor> cores);
  /// TT-SVD of the kernel with its modes in the order above, with at most the given ranks r_0 ..
  /// r_{d-1} (none: no bounds) and a relative error of at most eps (kept, unless a rank is hit).
  static Weight from_dense(const at::Tensor& dense, const Shape& out, const Shape& in,
                           const Shape& ranks, double eps = 0);
  static Weight read(const nlohmann::json& structure, const std::vector<Factor>& factors);

  Shape out_modes() const;
  Shape in_modes() const;
  /// r_0 .. r_{d-1}.
  Shape ranks() const;

  std::string_view kind() const override { return "tt_conv"; }
  std::vector<Factor> factors() const override;
  Weight with(std::vector<at::Tensor> tensors) const override;
  std::string spec() const override;
  at::Tensor linear(const at::Tensor& x, const at::Tensor& bias) const override;
  at::Tensor linear_adjoint(const at::Tensor& y) const override;
  at::Tensor conv2d(const at::Tensor& x, const at::Tensor& bias,
                    const ConvGeometry& geometry) const override;
  at::Tensor dense() const override;
  std::int64_t multiply_adds() const override;

 private:
  at::Tensor window_;
  std::vector<at::Tensor> cores_;
};

}  // namespace ranklens::nn
