#include "ranklens/nn/weights/cp.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/convolution.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/pow.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/base/product.h"
#include "ranklens/nn/weights/dense.h"
#include "ranklens/nn/weights/named_factors.h"
#include "ranklens/tn/formats/cp_als.h"

namespace ranklens::nn {
namespace {

/// Of the factors of a weight of so many dimensions.
std::vector<std::string> cp_names(std::size_t dimensions) {
  const std::vector<std::string> all{"A", "B", "Y", "X"};
  return {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(dimensions, all.size()))};
}

/// Every channel by itself, along one side of the window: `lines` [r, 1, height, width].
at::Tensor along(const at::Tensor& x, const at::Tensor& lines, at::IntArrayRef stride,
                 at::IntArrayRef dilation) {
  return at::convolution(x, lines, {}, stride, {0, 0}, dilation, false, {0, 0}, lines.size(0));
}

}  // namespace

CPKernel::CPKernel(Shape shape, std::vector<at::Tensor> factors)
    : FactorisedFormat(std::move(shape)), factors_(std::move(factors)) {
  base::require((shape_.size() == 2 || shape_.size() == 4) && factors_.size() == shape_.size(),
                "a CP weight has one factor for each of 2 or 4 dimensions");
  const auto names = cp_names(factors_.size());
  for (std::size_t k = 0; k < factors_.size(); ++k) {
    base::require(
        factors_[k].dim() == 2 && factors_[k].size(0) == shape_[k] && factors_[k].size(1) == rank(),
        "the factor {} of a CP weight must be {} x {}", names[k], shape_[k], rank());
  }
}

Weight CPKernel::from_dense(const at::Tensor& dense, std::int64_t rank) {
  base::require(dense.dim() == 2 || dense.dim() == 4,
                "only a matrix or the kernel of a convolution has a CP form here");
  return from_terms(tn::cp_als(dense, {.rank = rank, .start = tn::CPStart::hosvd}).value);
}

Weight CPKernel::from_terms(const tn::CP& terms) {
  const auto each = terms.weights.pow(1.0 / static_cast<double>(terms.factors.size()));
  std::vector<at::Tensor> factors;
  for (const auto& factor : terms.factors) factors.push_back((factor * each).contiguous());
  return Weight(std::make_shared<CPKernel>(tn::shape(terms), std::move(factors)));
}

Weight CPKernel::read(const nlohmann::json& structure, const std::vector<Factor>& factors) {
  const auto shape = structure.at("shape").get<Shape>();
  auto found = in_order(factors, cp_names(shape.size()), "a CP weight");
  return Weight(std::make_shared<CPKernel>(shape, std::move(found)));
}

std::vector<Factor> CPKernel::factors() const { return named(cp_names(factors_.size()), factors_); }

Weight CPKernel::with(std::vector<at::Tensor> tensors) const {
  return Weight(std::make_shared<CPKernel>(shape_, std::move(tensors)));
}

std::string CPKernel::spec() const { return fmt::format("cp(r={})", rank()); }

at::Tensor CPKernel::linear(const at::Tensor& x, const at::Tensor& bias) const {
  base::require(shape_.size() == 2, "a CP weight with a window is no linear map");
  return base::linear(at::matmul(x, factors_[1]), factors_[0], bias);
}

at::Tensor CPKernel::linear_adjoint(const at::Tensor& y) const {
  base::require(shape_.size() == 2, "a CP weight with a window is no linear map");
  return at::matmul(at::matmul(y, factors_[0]), factors_[1].t());
}

at::Tensor CPKernel::conv2d(const at::Tensor& x, const at::Tensor& bias,
                            const ConvGeometry& g) const {
  base::require(g.groups == 1, "a grouped convolution cannot have a CP kernel");
  base::require(shape_.size() == 4, "a CP weight without a window is no convolution");
  auto state = convolve(x, factors_[1].t().unsqueeze(-1).unsqueeze(-1), {}, {});
  // Zeros around r channels are the same as around the input's: the first convolution has no bias.
  state = at::constant_pad_nd(state, {g.left, g.right, g.top, g.bottom}, 0);
  const auto r = rank();
  state =
      along(state, factors_[2].t().reshape({r, 1, shape_[2], 1}), {g.stride, 1}, {g.dilation, 1});
  state =
      along(state, factors_[3].t().reshape({r, 1, 1, shape_[3]}), {1, g.stride}, {1, g.dilation});
  return convolve(state, factors_[0].unsqueeze(-1).unsqueeze(-1), bias, {});
}

at::Tensor CPKernel::dense() const {
  auto grown = factors_.back();  // [n_k .. n_d as one, r]
  for (auto k = factors_.size() - 1; k-- > 1;)
    grown = (factors_[k].unsqueeze(1) * grown.unsqueeze(0)).reshape({-1, rank()});
  return at::matmul(factors_.front(), grown.t()).reshape(shape_);
}

at::Tensor CPKernel::rows(const at::Tensor& indices) const {
  base::require(shape_.size() == 2, "a CP weight with a window is no table of rows");
  return base::linear(select_rows(factors_[0], indices), factors_[1]);
}

std::int64_t CPKernel::multiply_adds() const {
  std::int64_t sum = 0;
  for (const auto size : shape_) sum += size * rank();
  return sum;
}

std::int64_t CPKernel::conv_multiply_adds(const ConvSizes& sizes) const {
  base::require(shape_.size() == 4, "a CP weight without a window is no convolution");
  return rank() *
         (sizes.in_pixels() * shape_[1] + sizes.out_height * sizes.padded_width * shape_[2] +
          sizes.out_pixels() * (shape_[3] + shape_[0]));
}

}  // namespace ranklens::nn
