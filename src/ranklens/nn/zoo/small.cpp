// LeNet5, multi-layer perceptrons and the matrix product state classifier.

#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/nn/builder.h"
#include "ranklens/nn/zoo/zoo.h"

namespace ranklens::nn::zoo {

Network lenet5(const Options& options) {
  const auto channels = options.channels > 0 ? options.channels : 1;
  const auto size = options.size > 0 ? options.size : 28;
  const auto classes = options.classes > 0 ? options.classes : 10;
  base::require(size >= 16, "lenet5 needs images of at least 16x16 pixels, not {0}x{0}", size);
  GraphBuilder g(options.layers);
  auto x = g.input("image", {channels, size, size});
  x = g.max_pool2d("pool1", g.relu("relu1", g.conv2d("conv1", x, {.out = 20, .kernel = 5})));
  x = g.max_pool2d("pool2", g.relu("relu2", g.conv2d("conv2", x, {.out = 50, .kernel = 5})));
  x = g.flatten("flatten", x);
  x = g.relu(
      "relu3",
      g.linear("head", x, {.out = 500, .weight = options.head.empty() ? "dense" : options.head}));
  g.linear("classifier", x, {.out = classes});
  return g.build(options.seed);
}

Network mlp(const Options& options) {
  const auto channels = options.channels > 0 ? options.channels : 1;
  const auto size = options.size > 0 ? options.size : 28;
  const auto classes = options.classes > 0 ? options.classes : 10;
  const auto hidden = options.hidden.empty() ? std::vector<std::int64_t>{200, 200} : options.hidden;
  GraphBuilder g(options.layers);
  auto x = g.flatten("flatten", g.input("image", {channels, size, size}));
  for (std::size_t k = 0; k < hidden.size(); ++k) {
    const bool first = k == 0 && !options.head.empty();
    x = g.linear(fmt::format("fc{}", k + 1), x,
                 {.out = hidden[k], .weight = first ? options.head : "dense"});
    x = g.relu(fmt::format("relu{}", k + 1), x);
  }
  g.linear("classifier", x, {.out = classes});
  return g.build(options.seed);
}

Network mps_classifier(const Options& options) {
  const auto channels = options.channels > 0 ? options.channels : 1;
  const auto size = options.size > 0 ? options.size : 28;
  base::require(size >= 2, "mps-classifier needs images of at least 2x2 pixels, not {0}x{0}", size);
  GraphBuilder g(options.layers);
  auto x = g.avg_pool2d("pool", g.input("image", {channels, size, size}));
  x = g.flatten("flatten", x);
  g.mps_classifier("mps", x,
                   {.classes = options.classes > 0 ? options.classes : 10,
                    .bond = options.width > 0 ? options.width : 32,
                    .map = MPSClassifierOptions::Map::linear});
  return g.build(options.seed);
}

}  // namespace ranklens::nn::zoo
