#pragma once

#include "ranklens/nn/weight.h"

namespace ranklens::nn {

/// One tensor, stored as it is.
class Dense final : public WeightFormat {
 public:
  explicit Dense(at::Tensor value) : value_(std::move(value)) {}
  static Weight read(const nlohmann::json& structure, const std::vector<Factor>& factors);

  const at::Tensor& value() const { return value_; }

  std::string_view kind() const override { return "dense"; }
  Shape shape() const override { return value_.sizes().vec(); }
  std::vector<Factor> factors() const override { return {{"", value_}}; }
  Weight with(std::vector<at::Tensor> tensors) const override;
  nlohmann::json structure() const override;
  std::string spec() const override { return "dense"; }
  at::Tensor linear(const at::Tensor& x, const at::Tensor& bias) const override;
  at::Tensor linear_adjoint(const at::Tensor& y) const override;
  at::Tensor conv2d(const at::Tensor& x, const at::Tensor& bias,
                    const ConvGeometry& geometry) const override;
  at::Tensor dense() const override { return value_; }
  at::Tensor rows(const at::Tensor& indices) const override;
  std::int64_t multiply_adds() const override { return value_.numel(); }

 private:
  at::Tensor value_;
};

/// Convolution with a dense kernel; asymmetric padding is added to the input first.
at::Tensor convolve(const at::Tensor& x, const at::Tensor& kernel, const at::Tensor& bias,
                    const ConvGeometry& geometry);

}  // namespace ranklens::nn
