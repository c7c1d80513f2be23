#include "ranklens/nn/weights/dense.h"

#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/convolution.h>
#include <ATen/ops/matmul.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/base/product.h"
#include "ranklens/nn/weights/named_factors.h"

namespace ranklens::nn {

Weight Dense::read(const nlohmann::json&, const std::vector<Factor>& factors) {
  base::require(factors.size() == 1, "a dense weight is one tensor, not {}", factors.size());
  return Weight(factors.front().tensor);
}

Weight Dense::with(std::vector<at::Tensor> tensors) const {
  base::require(tensors.size() == 1, "a dense weight is one tensor, not {}", tensors.size());
  return Weight(tensors.front());
}

nlohmann::json Dense::structure() const { return nlohmann::json::object(); }

at::Tensor Dense::linear(const at::Tensor& x, const at::Tensor& bias) const {
  return base::linear(x, value_, bias);
}

at::Tensor Dense::linear_adjoint(const at::Tensor& y) const { return at::matmul(y, value_); }

at::Tensor Dense::rows(const at::Tensor& indices) const {
  return select_rows(value_.flatten(1), indices);
}

at::Tensor convolve(const at::Tensor& x, const at::Tensor& kernel, const at::Tensor& bias,
                    const ConvGeometry& g) {
  const bool symmetric = g.top == g.bottom && g.left == g.right;
  const auto padded = symmetric ? x : at::constant_pad_nd(x, {g.left, g.right, g.top, g.bottom}, 0);
  const std::vector<std::int64_t> padding =
      symmetric ? std::vector<std::int64_t>{g.top, g.left} : std::vector<std::int64_t>{0, 0};
  return at::convolution(padded, kernel, bias, {g.stride, g.stride}, padding,
                         {g.dilation, g.dilation}, false, {0, 0}, g.groups);
}

at::Tensor Dense::conv2d(const at::Tensor& x, const at::Tensor& bias,
                         const ConvGeometry& geometry) const {
  return convolve(x, value_, bias, geometry);
}

}  // namespace ranklens::nn
