// The residual network of He, Zhang, Ren, Sun 2016, section 4.2, for 32x32 images, with shortcuts
// that have no weights, and the two layers of 64 that the low-rank literature puts before its end.
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ranklens/nn/builder.h"
#include "ranklens/nn/operators/aten_call.h"
#include "ranklens/nn/zoo/zoo.h"

namespace ranklens::nn::zoo {
namespace {

Value conv(GraphBuilder& g, const std::string& name, const Value& x, std::int64_t out,
           std::int64_t stride) {
  return g.conv2d(name, x,
                  {.out = out,
                   .kernel = 3,
                   .stride = stride,
                   .padding = 1,
                   .bias = false,
                   .init = he_normal_out});
}

/// Every other pixel, and channels of zeros around (option A of the paper).
Value shortcut(GraphBuilder& g, const std::string& name, const Value& x, std::int64_t out) {
  if (x.sample[0] == out) return x;
  const auto half = g.max_pool2d(name + ".half", x, {.kernel = 1, .stride = 2});
  const auto more = (out - x.sample[0]) / 2;
  const auto pad = std::make_shared<AtenCall>(
      "aten::constant_pad_nd", "",
      nlohmann::json::array({{{"input", 0}}, {0, 0, 0, 0, more, out - x.sample[0] - more}}));
  return g.add(name + ".zeros", pad, {half});
}

Value block(GraphBuilder& g, const std::string& name, const Value& x, std::int64_t out,
            std::int64_t stride) {
  auto y = g.batch_norm(name + ".bn1", conv(g, name + ".conv1", x, out, stride));
  y = conv(g, name + ".conv2", g.relu(name + ".relu1", y), out, 1);
  y = g.batch_norm(name + ".bn2", y);
  return g.relu(name + ".relu2", g.add(name + ".add", y, shortcut(g, name, x, out)));
}

}  // namespace

Network resnet20(const Options& options) {
  const auto size = options.size > 0 ? options.size : 32;
  GraphBuilder g(options.layers);
  auto x = g.input("image", {options.channels > 0 ? options.channels : 3, size, size});
  x = g.relu("relu", g.batch_norm("bn1", conv(g, "conv1", x, 16, 1)));
  std::int64_t out = 16;
  for (int stage = 1; stage <= 3; ++stage, out *= 2) {
    for (int k = 0; k < 3; ++k) {
      x = block(g, fmt::format("layer{}.{}", stage, k), x, out, stage > 1 && k == 0 ? 2 : 1);
    }
  }
  x = g.dropout("drop", g.flatten("flatten", g.adaptive_avg_pool2d("avgpool", x)), 0.3);
  for (int k = 1; k <= 2; ++k) {
    x = g.relu(fmt::format("fc_relu{}", k),
               g.linear(fmt::format("fc{}", k), x, {.out = 64, .init = he_uniform}));
  }
  g.linear("classifier", x, {.out = options.classes > 0 ? options.classes : 10});
  return g.build(options.seed);
}

}  // namespace ranklens::nn::zoo
