#include "ranklens/nn/weights/tucker.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/base/product.h"
#include "ranklens/nn/weights/dense.h"
#include "ranklens/nn/weights/named_factors.h"
#include "ranklens/tn/formats/hosvd.h"
#include "ranklens/tn/train/rank_bounds.h"

namespace ranklens::nn {

Tucker2::Tucker2(Shape shape, at::Tensor u, at::Tensor core, at::Tensor v)
    : FactorisedFormat(std::move(shape)),
      u_(std::move(u)),
      core_(std::move(core)),
      v_(std::move(v)) {
  base::require(shape_.size() >= 2, "a Tucker weight needs at least two dimensions");
  base::require(
      u_.dim() == 2 && u_.size(0) == shape_[0] && v_.dim() == 2 && v_.size(0) == shape_[1],
      "the factors U and V of a Tucker weight must have {} and {} rows", shape_[0], shape_[1]);
  Shape sizes = shape_;
  sizes[0] = u_.size(1), sizes[1] = v_.size(1);
  base::require(core_.sizes() == sizes, "the core of a Tucker weight must be [{}]",
                fmt::join(sizes, ", "));
}

Weight Tucker2::from_dense(const at::Tensor& dense, const Shape& ranks, double eps) {
  base::require(dense.dim() >= 2, "only a weight of two or more dimensions has a Tucker form");
  // Window modes are full: they are cut by nothing.
  tn::TuckerBounds bounds{.eps = eps, .ranks = dense.sizes().vec()};
  if (!ranks.empty()) {
    base::require(ranks.size() == 2,
                  "tucker needs two ranks, of outputs and inputs: tucker(r=32x32)");
  }
  const auto channels = dense.reshape({dense.size(0), dense.size(1), -1});
  if (!ranks.empty()) {
    auto most = tn::most_mode_ranks(channels.sizes().vec());
    most.pop_back();
    const auto checked = tn::bounds_within(ranks, most, "mode");
    bounds.ranks[0] = checked[0], bounds.ranks[1] = checked[1];
  }
  bounds.ranks = {bounds.ranks[0], bounds.ranks[1], channels.size(2)};
  const auto found = tn::st_hosvd(channels, {.bounds = bounds});
  // The third factor only turns the window: it goes back into the core.
  Shape sizes = dense.sizes().vec();
  const auto& [core, factors] = found.value;
  sizes[0] = factors[0].size(1), sizes[1] = factors[1].size(1);
  const auto window = at::matmul(core, factors[2].t()).reshape(sizes).contiguous();
  return Weight(std::make_shared<Tucker2>(dense.sizes().vec(), factors[0].contiguous(), window,
                                          factors[1].contiguous()));
}

Weight Tucker2::read(const nlohmann::json& structure, const std::vector<Factor>& factors) {
  const auto found = in_order(factors, {"U", "C", "V"}, "a Tucker weight");
  return Weight(
      std::make_shared<Tucker2>(structure.at("shape").get<Shape>(), found[0], found[1], found[2]));
}

Weight Tucker2::with(std::vector<at::Tensor> tensors) const {
  base::require(tensors.size() == 3, "a Tucker weight has 3 factors, not {}", tensors.size());
  return Weight(std::make_shared<Tucker2>(shape_, tensors[0], tensors[1], tensors[2]));
}

std::string Tucker2::spec() const { return fmt::format("tucker(r={}x{})", u_.size(1), v_.size(1)); }

at::Tensor Tucker2::core_matrix() const {
  base::require(core_.numel() == core_.size(0) * core_.size(1),
                "a Tucker weight with a window is no linear map");
  return core_.reshape({core_.size(0), core_.size(1)});
}

at::Tensor Tucker2::linear(const at::Tensor& x, const at::Tensor& bias) const {
  return base::linear(base::linear(at::matmul(x, v_), core_matrix()), u_, bias);
}

at::Tensor Tucker2::linear_adjoint(const at::Tensor& y) const {
  return at::matmul(at::matmul(at::matmul(y, u_), core_matrix()), v_.t());
}

at::Tensor Tucker2::rows(const at::Tensor& indices) const {
  return base::linear(at::matmul(select_rows(u_, indices), core_matrix()), v_);
}

at::Tensor Tucker2::conv2d(const at::Tensor& x, const at::Tensor& bias,
                           const ConvGeometry& geometry) const {
  base::require(geometry.groups == 1, "a grouped convolution cannot have a Tucker kernel");
  const auto reduced = convolve(x, v_.t().unsqueeze(-1).unsqueeze(-1), {}, {});
  const auto inner = convolve(reduced, core_, {}, geometry);
  return convolve(inner, u_.unsqueeze(-1).unsqueeze(-1), bias, {});
}

std::int64_t Tucker2::conv_multiply_adds(const ConvSizes& sizes) const {
  return sizes.in_pixels() * v_.numel() + sizes.out_pixels() * (core_.numel() + u_.numel());
}

at::Tensor Tucker2::dense() const {
  const auto p = core_.size(0), q = core_.size(1);
  const auto left = at::matmul(u_, core_.reshape({p, -1})).reshape({shape_[0], q, -1});
  return at::matmul(v_, left).reshape(shape_);
}

}  // namespace ranklens::nn
