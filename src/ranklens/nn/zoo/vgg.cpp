// VGG and AlexNet in their forms for 32x32 images, as the low-rank literature trains them.

#include <vector>

#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/nn/builder.h"
#include "ranklens/nn/zoo/zoo.h"

namespace ranklens::nn::zoo {
namespace {

/// A convolution of 3x3 with batch norm, which makes a bias of its own idle, and ReLU.
Value block(GraphBuilder& g, int number, const Value& x, std::int64_t out,
            std::int64_t stride = 1) {
  auto y = g.conv2d(fmt::format("conv{}", number), x,
                    {.out = out,
                     .kernel = 3,
                     .stride = stride,
                     .padding = 1,
                     .bias = false,
                     .init = he_normal_out});
  return g.relu(fmt::format("relu{}", number), g.batch_norm(fmt::format("bn{}", number), y));
}

/// Two hidden layers of 4096, dropout before each, and the classes.
Network with_classifier(GraphBuilder& g, Value x, const Options& options, double dropout) {
  x = g.flatten("flatten", x);
  for (int k = 1; k <= 2; ++k) {
    x = g.dropout(fmt::format("drop{}", k), x, dropout);
    x = g.linear(fmt::format("fc{}", k), x, {.out = 4096, .init = he_uniform});
    x = g.relu(fmt::format("fc_relu{}", k), x);
  }
  g.linear("classifier", x, {.out = options.classes > 0 ? options.classes : 10});
  return g.build(options.seed);
}

Value image_of(GraphBuilder& g, const Options& options, const char* name) {
  const auto size = options.size > 0 ? options.size : 32;
  base::require(size >= 32, "{} needs images of at least 32x32 pixels, not {}x{}", name, size,
                size);
  return g.input("image", {options.channels > 0 ? options.channels : 3, size, size});
}

/// Channels of each stage, between which the image is halved (Simonyan, Zisserman 2015, table 1).
Network vgg(const Options& options, const char* name,
            const std::vector<std::vector<std::int64_t>>& stages) {
  GraphBuilder g(options.layers);
  auto x = image_of(g, options, name);
  int number = 0;
  for (std::size_t stage = 0; stage < stages.size(); ++stage) {
    for (const auto out : stages[stage]) x = block(g, ++number, x, out);
    x = g.max_pool2d(fmt::format("pool{}", stage + 1), x);
  }
  return with_classifier(g, x, options, 0.5);
}

}  // namespace

Network alexnet_cifar(const Options& options) {
  GraphBuilder g(options.layers);
  auto x = image_of(g, options, "alexnet-cifar");
  x = g.max_pool2d("pool1", block(g, 1, x, 64, 2));
  x = g.max_pool2d("pool2", block(g, 2, x, 192));
  x = block(g, 4, block(g, 3, x, 384), 256);
  x = g.max_pool2d("pool3", block(g, 5, x, 256));
  return with_classifier(g, x, options, 0.2);
}

Network vgg11(const Options& options) {
  return vgg(options, "vgg11", {{64}, {128}, {256, 256}, {512, 512}, {512, 512}});
}

Network vgg13(const Options& options) {
  return vgg(options, "vgg13", {{64, 64}, {128, 128}, {256, 256}, {512, 512}, {512, 512}});
}

Network vgg16(const Options& options) {
  return vgg(options, "vgg16",
             {{64, 64}, {128, 128}, {256, 256, 256}, {512, 512, 512}, {512, 512, 512}});
}

Network vgg19(const Options& options) {
  return vgg(
      options, "vgg19",
      {{64, 64}, {128, 128}, {256, 256, 256, 256}, {512, 512, 512, 512}, {512, 512, 512, 512}});
}

}  // namespace ranklens::nn::zoo
