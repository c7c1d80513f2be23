#include <array>

#include <fmt/format.h>

#include "ranklens/nn/builder.h"
#include "ranklens/nn/zoo/zoo.h"

namespace ranklens::nn::zoo {
namespace {

/// Two 3x3 convolutions with a shortcut; a 1x1 convolution on the shortcut where the shape changes.
Value basic_block(GraphBuilder& g, const std::string& name, const Value& x, std::int64_t out,
                  std::int64_t stride) {
  auto y = g.conv2d(name + ".conv1", x,
                    {.out = out,
                     .kernel = 3,
                     .stride = stride,
                     .padding = 1,
                     .bias = false,
                     .init = he_normal_out});
  y = g.relu(name + ".relu1", g.batch_norm(name + ".bn1", y));
  y = g.conv2d(name + ".conv2", y,
               {.out = out, .kernel = 3, .padding = 1, .bias = false, .init = he_normal_out});
  y = g.batch_norm(name + ".bn2", y);
  auto shortcut = x;
  if (stride != 1 || x.sample[0] != out) {
    shortcut =
        g.conv2d(name + ".downsample.0", x,
                 {.out = out, .kernel = 1, .stride = stride, .bias = false, .init = he_normal_out});
    shortcut = g.batch_norm(name + ".downsample.1", shortcut);
  }
  return g.relu(name + ".relu2", g.add(name + ".add", y, shortcut));
}

/// 1x1, 3x3 (which carries the stride, as torchvision's) and 1x1 to four times the channels.
Value bottleneck(GraphBuilder& g, const std::string& name, const Value& x, std::int64_t inner,
                 std::int64_t stride) {
  const auto conv = [&](const std::string& which, const Value& from, Conv2dOptions options) {
    options.bias = false;
    options.init = he_normal_out;
    return g.batch_norm(name + ".bn" + which, g.conv2d(name + ".conv" + which, from, options));
  };
  auto y = g.relu(name + ".relu1", conv("1", x, {.out = inner, .kernel = 1}));
  y = conv("2", y, {.out = inner, .kernel = 3, .stride = stride, .padding = 1});
  y = conv("3", g.relu(name + ".relu2", y), {.out = 4 * inner, .kernel = 1});
  auto shortcut = x;
  if (stride != 1 || x.sample[0] != 4 * inner) {
    shortcut = g.conv2d(
        name + ".downsample.0", x,
        {.out = 4 * inner, .kernel = 1, .stride = stride, .bias = false, .init = he_normal_out});
    shortcut = g.batch_norm(name + ".downsample.1", shortcut);
  }
  return g.relu(name + ".relu3", g.add(name + ".add", y, shortcut));
}

using Block = Value (*)(GraphBuilder&, const std::string&, const Value&, std::int64_t,
                        std::int64_t);

/// Four stages of 64, 128, 256 and 512 channels, of so many blocks each.
Network residual(const Options& options, Block block, const std::array<int, 4>& blocks) {
  const auto size = options.size > 0 ? options.size : 224;
  GraphBuilder g(options.layers);
  auto x = g.input("image", {options.channels > 0 ? options.channels : 3, size, size});
  x = g.conv2d(
      "conv1", x,
      {.out = 64, .kernel = 7, .stride = 2, .padding = 3, .bias = false, .init = he_normal_out});
  x = g.relu("relu", g.batch_norm("bn1", x));
  x = g.max_pool2d("maxpool", x, {.kernel = 3, .stride = 2, .padding = 1});
  std::int64_t out = 64;
  for (std::size_t stage = 0; stage < blocks.size(); ++stage, out *= 2) {
    for (int k = 0; k < blocks.at(stage); ++k) {
      x = block(g, fmt::format("layer{}.{}", stage + 1, k), x, out, stage > 0 && k == 0 ? 2 : 1);
    }
  }
  x = g.flatten("flatten", g.adaptive_avg_pool2d("avgpool", x));
  g.linear("fc", x, {.out = options.classes > 0 ? options.classes : 1000});
  return g.build(options.seed);
}

}  // namespace

Network resnet18(const Options& options) { return residual(options, basic_block, {2, 2, 2, 2}); }

Network resnet50(const Options& options) { return residual(options, bottleneck, {3, 4, 6, 3}); }

}  // namespace ranklens::nn::zoo
