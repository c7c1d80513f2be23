#include <fmt/format.h>

#include "ranklens/nn/builder.h"
#include "ranklens/nn/zoo/zoo.h"

namespace ranklens::nn::zoo {
namespace {

struct Stage {
  std::int64_t repeats, kernel, stride, expand, out;
};

/// Tan, Le 2019, table 1, as EfficientNet-Lite0 keeps it (width and depth 1, no
/// squeeze-and-excitation).
constexpr Stage stages[] = {{1, 3, 1, 1, 16}, {2, 3, 2, 6, 24},  {2, 5, 2, 6, 40},
                            {3, 3, 2, 6, 80}, {3, 5, 1, 6, 112}, {4, 5, 2, 6, 192},
                            {1, 3, 1, 6, 320}};
constexpr BatchNormOptions bn{.eps = 1e-3, .momentum = 0.01};

struct Conv {
  std::int64_t out, kernel, stride = 1, groups = 1;
  bool activate = true;
};

Value conv_bn(GraphBuilder& g, const std::string& name, const Value& x, const Conv& c) {
  auto y = g.conv2d(name + ".conv", x,
                    {.out = c.out,
                     .kernel = c.kernel,
                     .stride = c.stride,
                     .groups = c.groups,
                     .same = true,
                     .bias = false,
                     .init = he_normal_out});
  y = g.batch_norm(name + ".bn", y, bn);
  return c.activate ? g.relu6(name + ".relu", y) : y;
}

/// Inverted bottleneck (Sandler et al. 2018).
Value bottleneck(GraphBuilder& g, const std::string& name, const Value& x, const Stage& s,
                 std::int64_t stride) {
  const auto in = x.sample[0], wide = in * s.expand;
  auto y = s.expand > 1 ? conv_bn(g, name + ".expand", x, {.out = wide, .kernel = 1}) : x;
  y = conv_bn(g, name + ".depthwise", y,
              {.out = wide, .kernel = s.kernel, .stride = stride, .groups = wide});
  y = conv_bn(g, name + ".project", y, {.out = s.out, .kernel = 1, .activate = false});
  return stride == 1 && in == s.out ? g.add(name + ".add", y, x) : y;
}

}  // namespace

Network efficientnet_lite0(const Options& options) {
  const auto size = options.size > 0 ? options.size : 224;
  const auto channels = options.channels > 0 ? options.channels : 3;
  GraphBuilder g(options.layers);
  auto x = g.input("image", {channels, size, size});
  const std::vector<double> mean(static_cast<std::size_t>(channels), 127.0 / 255),
      std(static_cast<std::size_t>(channels), 128.0 / 255);
  x = g.normalise("input.normalise", x, mean, std);
  x = conv_bn(g, "stem", x, {.out = 32, .kernel = 3, .stride = 2});
  int index = 0;
  for (const auto& stage : stages) {
    for (std::int64_t k = 0; k < stage.repeats; ++k) {
      x = bottleneck(g, fmt::format("blocks.{}", index++), x, stage, k == 0 ? stage.stride : 1);
    }
  }
  x = conv_bn(g, "head", x, {.out = 1280, .kernel = 1});
  x = g.flatten("flatten", g.adaptive_avg_pool2d("pool", x));
  x = g.dropout("drop", x, 0.2);
  g.linear("classifier", x, {.out = options.classes > 0 ? options.classes : 1000});
  return g.build(options.seed);
}

}  // namespace ranklens::nn::zoo
