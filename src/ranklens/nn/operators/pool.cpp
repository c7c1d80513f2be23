#include "ranklens/nn/operators/pool.h"

#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/max_pool2d.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/nn/operators/bounds.h"
#include "ranklens/nn/operators/read_options.h"

namespace ranklens::nn {

Pool2d::Pool2d(Function function, const PoolOptions& options)
    : function_(function), window_(options) {
  if (window_.stride == 0) window_.stride = window_.kernel;
  require_at_most(kLargestWindow, {window_.kernel, window_.stride, window_.padding},
                  "the kernel, stride and padding of a pool");
  base::require(
      window_.kernel >= 1 && window_.stride >= 1 && window_.padding >= 0 &&
          2 * window_.padding <= window_.kernel,
      "a pooling window needs a positive kernel and stride and at most half a kernel of padding");
}

OperatorPtr Pool2d::read(Function function, const nlohmann::json& options) {
  PoolOptions window;
  OptionReader(function == Function::max ? "max_pool2d" : "avg_pool2d", options)
      .read("kernel", window.kernel)
      .read("stride", window.stride)
      .read("padding", window.padding)
      .finish();
  return std::make_shared<Pool2d>(function, window);
}

nlohmann::json Pool2d::options() const {
  return {{"kernel", window_.kernel}, {"stride", window_.stride}, {"padding", window_.padding}};
}

std::vector<at::Tensor> Pool2d::run(const Call& call) const {
  const auto k = window_.kernel, s = window_.stride, p = window_.padding;
  if (function_ == Function::max) return {at::max_pool2d(call.input(), {k, k}, {s, s}, {p, p})};
  return {at::avg_pool2d(call.input(), {k, k}, {s, s}, {p, p}, false, false)};
}

std::vector<Shape> Pool2d::infer(std::span<const Shape> inputs) const {
  const auto& x = inputs.front();
  base::require(x.size() == 4, "a pool takes [batch, channels, height, width], not {} dimensions",
                x.size());
  const auto [k, s, p] = window_;
  base::require(x[2] + 2 * p >= k && x[3] + 2 * p >= k,
                "a pooling window of {0}x{0} does not fit into {1}x{2} pixels", k, x[2], x[3]);
  return {{x[0], x[1], (x[2] + 2 * p - k) / s + 1, (x[3] + 2 * p - k) / s + 1}};
}

AdaptiveAvgPool2d::AdaptiveAvgPool2d(std::int64_t height, std::int64_t width)
    : height_(height), width_(width) {
  base::require(height >= 1 && width >= 1, "an adaptive pool needs at least one cell");
  require_at_most(kLargestWindow, {height, width}, "the cells of an adaptive pool");
}

OperatorPtr AdaptiveAvgPool2d::read(const nlohmann::json& options) {
  std::int64_t height = 1, width = 1;
  OptionReader("adaptive_avg_pool2d", options).read("height", height).read("width", width).finish();
  return std::make_shared<AdaptiveAvgPool2d>(height, width);
}

nlohmann::json AdaptiveAvgPool2d::options() const {
  return {{"height", height_}, {"width", width_}};
}

std::vector<at::Tensor> AdaptiveAvgPool2d::run(const Call& call) const {
  return {at::adaptive_avg_pool2d(call.input(), {height_, width_})};
}

std::vector<Shape> AdaptiveAvgPool2d::infer(std::span<const Shape> inputs) const {
  const auto& x = inputs.front();
  base::require(x.size() == 4, "a pool takes [batch, channels, height, width], not {} dimensions",
                x.size());
  return {{x[0], x[1], height_, width_}};
}

}  // namespace ranklens::nn
