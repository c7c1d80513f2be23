#include "ranklens/nn/operators/conv2d.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/nn/fused/winograd.h"
#include "ranklens/nn/inspect.h"
#include "ranklens/nn/operators/bounds.h"
#include "ranklens/nn/operators/read_options.h"

namespace ranklens::nn {
namespace {

/// No factor meets more pixels than the padded input has, but a file may store factors of any rank.
void require_countable(const WeightFormat& weight, const ConvSizes& sizes, std::int64_t images) {
  const double most = static_cast<double>(images) * static_cast<double>(sizes.padded_height) *
                      static_cast<double>(sizes.padded_width) *
                      static_cast<double>(weight.parameters());
  base::require(most <= static_cast<double>(kMostMultiplyAdds),
                "a convolution in factors would take up to {:.0e} multiply-adds, more than can be "
                "counted",
                most);
}

}  // namespace

Conv2d::Conv2d(const Sizes& sizes) : sizes_(sizes) {
  const auto& s = sizes_;
  base::require(s.in >= 1 && s.out >= 1 && s.kernel >= 1 && s.stride >= 1 && s.dilation >= 1 &&
                    s.padding >= 0,
                "a convolution needs positive channels, kernel, stride and dilation");
  require_at_most(kLargestWindow, {s.kernel, s.stride, s.dilation, s.padding},
                  "the kernel, stride, dilation and padding of a convolution");
  require_at_most(kMostFeatures, {s.in, s.out}, "the channels of a convolution");
  base::require(s.groups >= 1 && s.in % s.groups == 0 && s.out % s.groups == 0,
                "{} groups do not divide {} input and {} output channels", s.groups, s.in, s.out);
}

OperatorPtr Conv2d::read(const nlohmann::json& options) {
  Sizes s;
  OptionReader("conv2d", options)
      .read("in", s.in)
      .read("out", s.out)
      .read("kernel", s.kernel)
      .read("stride", s.stride)
      .read("dilation", s.dilation)
      .read("groups", s.groups)
      .read("padding", s.padding)
      .read("same", s.same)
      .read("bias", s.bias)
      .finish();
  return std::make_shared<Conv2d>(s);
}

nlohmann::json Conv2d::options() const {
  const auto& s = sizes_;
  return {{"in", s.in},           {"out", s.out},           {"kernel", s.kernel},
          {"stride", s.stride},   {"dilation", s.dilation}, {"groups", s.groups},
          {"padding", s.padding}, {"same", s.same},         {"bias", s.bias}};
}

std::vector<Role> Conv2d::roles() const {
  const auto& s = sizes_;
  const Shape shape{s.out, s.in / s.groups, s.kernel, s.kernel};
  std::vector<Role> roles{{.name = "weight", .shape = shape, .factorisable = s.groups == 1}};
  if (s.bias) {
    const auto fan_in = shape[1] * s.kernel * s.kernel;
    roles.push_back({.name = "bias", .shape = {s.out}, .init = {.fan_in = fan_in}});
  }
  return roles;
}

ConvGeometry Conv2d::geometry(std::int64_t height, std::int64_t width) const {
  const auto& s = sizes_;
  ConvGeometry g{.stride = s.stride, .dilation = s.dilation, .groups = s.groups};
  const auto total = [&](std::int64_t size) {
    const auto out = (size + s.stride - 1) / s.stride;
    return std::max<std::int64_t>(0, (out - 1) * s.stride + s.dilation * (s.kernel - 1) + 1 - size);
  };
  const auto rows = s.same ? total(height) : 2 * s.padding,
             columns = s.same ? total(width) : 2 * s.padding;
  g.top = rows / 2, g.bottom = rows - rows / 2, g.left = columns / 2,
  g.right = columns - columns / 2;
  return g;
}

std::vector<at::Tensor> Conv2d::run(const Call& call) const {
  const auto& x = call.input();
  base::require(x.dim() == 4,
                "node '{}' (conv2d) takes [batch, channels, height, width], not {} dimensions",
                call.node, x.dim());
  base::require(x.size(1) == sizes_.in, "node '{}' (conv2d) takes {} channels, not {}", call.node,
                sizes_.in, x.size(1));
  const auto& weight = call.weight("weight");
  const auto in = in_type_of(x, weight);
  const auto way = geometry(x.size(2), x.size(3));
  if (call.mode == Mode::train && weight.is_dense()) {
    const fused::Convolution work{in, weight.tensor(), call.tensor("bias")};
    if (fused::supported(work, way)) return {fused::convolution(work)};
  }
  return {weight->conv2d(in, call.tensor("bias"), way)};
}

std::vector<Shape> Conv2d::infer(std::span<const Shape> inputs) const {
  const auto& x = inputs.front();
  base::require(x.size() == 4 && x[1] == sizes_.in,
                "a convolution of {} channels takes [batch, {}, height, width]", sizes_.in,
                sizes_.in);
  const auto g = geometry(x[2], x[3]);
  const auto reach = sizes_.dilation * (sizes_.kernel - 1) + 1;
  const auto height = x[2] + g.top + g.bottom, width = x[3] + g.left + g.right;
  base::require(height >= reach && width >= reach,
                "a kernel of {0}x{0} does not fit into {1}x{2} pixels", reach, height, width);
  return {{x[0], sizes_.out, (height - reach) / sizes_.stride + 1,
           (width - reach) / sizes_.stride + 1}};
}

ConvSizes Conv2d::pixels(const Shape& input, const Shape& output) const {
  const auto g = geometry(input[2], input[3]);
  return {.in_height = input[2],
          .in_width = input[3],
          .padded_height = input[2] + g.top + g.bottom,
          .padded_width = input[3] + g.left + g.right,
          .out_height = output[2],
          .out_width = output[3]};
}

std::int64_t Conv2d::multiply_adds(const NodeShapes& shapes) const {
  const auto& y = shapes.outputs.front();
  const auto& weight = shapes.weights.find("weight")->second;
  const auto sizes = pixels(shapes.inputs.front(), y);
  if (!weight.is_dense()) require_countable(*weight, sizes, y[0]);
  return y[0] * weight->conv_multiply_adds(sizes);
}

}  // namespace ranklens::nn
