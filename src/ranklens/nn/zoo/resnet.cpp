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

}  // namespace

Network resnet18(const Options& options) {
  const auto size = options.size > 0 ? options.size : 224;
  GraphBuilder g;
  auto x = g.input("image", {options.channels > 0 ? options.channels : 3, size, size});
  x = g.conv2d(
      "conv1", x,
      {.out = 64, .kernel = 7, .stride = 2, .padding = 3, .bias = false, .init = he_normal_out});
  x = g.relu("relu", g.batch_norm("bn1", x));
  x = g.max_pool2d("maxpool", x, {.kernel = 3, .stride = 2, .padding = 1});
  std::int64_t out = 64;
  for (int stage = 1; stage <= 4; ++stage, out *= 2) {
    for (int block = 0; block < 2; ++block) {
      x = basic_block(g, fmt::format("layer{}.{}", stage, block), x, out,
                      stage > 1 && block == 0 ? 2 : 1);
    }
  }
  x = g.flatten("flatten", g.adaptive_avg_pool2d("avgpool", x));
  g.linear("fc", x, {.out = options.classes > 0 ? options.classes : 1000});
  return g.build(options.seed);
}

}  // namespace ranklens::nn::zoo
