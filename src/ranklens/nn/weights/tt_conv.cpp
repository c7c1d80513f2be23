#include "ranklens/nn/weights/tt_conv.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <c10/util/accumulate.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/base/product.h"
#include "ranklens/nn/weights/dense.h"
#include "ranklens/nn/weights/named_factors.h"
#include "ranklens/nn/weights/tt_conv_steps.h"
#include "ranklens/tn/linear/merge.h"
#include "ranklens/tn/linear/tt_linear.h"
#include "ranklens/tn/train/decompose.h"

namespace ranklens::nn {

TTConv::TTConv(Shape shape, at::Tensor window, std::vector<at::Tensor> cores)
    : FactorisedFormat(std::move(shape)), window_(std::move(window)), cores_(std::move(cores)) {
  base::require(shape_.size() == 4, "only the kernel of a convolution has this tensor-train form");
  base::require(window_.dim() == 3 && window_.size(0) == shape_[2] && window_.size(1) == shape_[3],
                "the window core of a tensor train must be [{}, {}, r]", shape_[2], shape_[3]);
  check_cores(cores_, window_.size(2), 1);
  base::require(c10::multiply_integers(out_modes()) == shape_[0] &&
                    c10::multiply_integers(in_modes()) == shape_[1],
                "tensor-train modes {} and {} do not give {} outputs and {} inputs",
                fmt::join(out_modes(), "x"), fmt::join(in_modes(), "x"), shape_[0], shape_[1]);
}

Weight TTConv::from_dense(const at::Tensor& dense, const Shape& out, const Shape& in,
                          const Shape& ranks, double eps) {
  base::require(dense.dim() == 4, "only the kernel of a convolution has this tensor-train form");
  const auto d = static_cast<std::int64_t>(out.size());
  Shape sizes = out, order{2 * d}, modes{dense.size(2) * dense.size(3)};
  sizes.insert(sizes.end(), in.begin(), in.end());
  sizes.push_back(modes[0]);
  for (std::int64_t k = 0; k < d; ++k) {
    order.insert(order.end(), {k, d + k});
    modes.push_back(out[static_cast<std::size_t>(k)] * in[static_cast<std::size_t>(k)]);
  }
  const auto found = tn::decompose(dense.reshape(sizes).permute(order).reshape(modes),
                                   {.eps = eps, .ranks = ranks});
  std::vector<at::Tensor> cores;
  for (std::size_t k = 0; k < out.size(); ++k) {
    const auto& core = found.train.cores[k + 1];
    cores.push_back(core.reshape({core.size(0), out[k], in[k], core.size(2)}).contiguous());
  }
  const auto scale = std::exp(found.train.log_scale);
  const auto window = (found.train.cores[0] * scale).reshape({dense.size(2), dense.size(3), -1});
  return Weight(
      std::make_shared<TTConv>(dense.sizes().vec(), window.contiguous(), std::move(cores)));
}

Weight TTConv::read(const nlohmann::json& structure, const std::vector<Factor>& factors) {
  base::require(!factors.empty(), "a tensor train needs at least one core");
  const auto found = in_order(factors, core_names(factors.size()), "a tensor train");
  return Weight(std::make_shared<TTConv>(structure.at("shape").get<Shape>(), found.front(),
                                         std::vector<at::Tensor>(found.begin() + 1, found.end())));
}

Shape TTConv::out_modes() const { return tn::modes_of(cores_).out; }

Shape TTConv::in_modes() const { return tn::modes_of(cores_).in; }

Shape TTConv::ranks() const {
  Shape ranks;
  for (const auto& core : cores_) ranks.push_back(core.size(0));
  return ranks;
}

std::vector<Factor> TTConv::factors() const {
  auto tensors = cores_;
  tensors.insert(tensors.begin(), window_);
  return named(core_names(tensors.size()), tensors);
}

Weight TTConv::with(std::vector<at::Tensor> tensors) const {
  base::require(tensors.size() == cores_.size() + 1, "a tensor train of {} cores has {} factors",
                cores_.size() + 1, cores_.size() + 1);
  return Weight(std::make_shared<TTConv>(
      shape_, tensors.front(), std::vector<at::Tensor>(tensors.begin() + 1, tensors.end())));
}

std::string TTConv::spec() const {
  return fmt::format("tt(out={},in={},r={})", fmt::join(out_modes(), "x"),
                     fmt::join(in_modes(), "x"), fmt::join(ranks(), "x"));
}

at::Tensor TTConv::linear(const at::Tensor& x, const at::Tensor& bias) const {
  base::require(window_.size(0) * window_.size(1) == 1,
                "a tensor train with a window is no linear map");
  return base::linear(x, dense().reshape({shape_[0], shape_[1]}), bias);
}

at::Tensor TTConv::linear_adjoint(const at::Tensor& y) const {
  return at::matmul(y, dense().reshape({shape_[0], -1}));
}

at::Tensor TTConv::conv2d(const at::Tensor& x, const at::Tensor& bias,
                          const ConvGeometry& geometry) const {
  base::require(geometry.groups == 1, "a grouped convolution cannot have a tensor-train kernel");
  const auto each = convolve(channels_apart(x), window_filters(window_), {}, geometry);
  const auto rows = tn::tt_linear(channel_train(cores_), pixel_rows(each, x.size(1)), bias);
  return image_of_rows(rows, x.size(0), each);
}

at::Tensor TTConv::dense() const {
  const auto r = window_.size(2), area = window_.size(0) * window_.size(1);
  const auto channels = tn::dense_matrix(channel_train(cores_)).reshape({shape_[0], r, shape_[1]});
  return at::matmul(channels.permute({0, 2, 1}), window_.reshape({area, r}).t()).reshape(shape_);
}

std::int64_t TTConv::multiply_adds() const {
  const auto train = channel_train(cores_);
  double count = static_cast<double>(window_.numel() * shape_[1]);
  const auto schedule = tn::tt_linear_schedule(train, 128, false);
  if (schedule.rebuild)
    return static_cast<std::int64_t>(count) + shape_[0] * shape_[1] * window_.size(2);
  for (const auto& step : tn::step_sizes(tn::modes_of(train), schedule, 1))
    count += step.multiply_adds();
  return static_cast<std::int64_t>(count);
}

}  // namespace ranklens::nn
