// What is counted of a convolution against the convolutions that libtorch is asked for.

#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/ops/randn.h>
#include <ATen/record_function.h>
#include <gtest/gtest.h>

#include "ranklens/nn/builder.h"
#include "ranklens/nn/inspect.h"
#include "ranklens/nn/low_memory.h"

namespace ranklens::nn {
namespace {

/// How many numbers each convolution put out that a call made on this thread. (What went in is not
/// asked for: libtorch answers that in optimised builds alone.)
class ConvolutionOutputs {
 public:
  template <class Call>
  static std::vector<std::int64_t> of(Call&& call) {
    numbers().clear();
    const auto handle = at::addThreadLocalCallback(at::RecordFunctionCallback(nullptr, &end)
                                                       .needsOutputs(true)
                                                       .scopes({at::RecordScope::FUNCTION}));
    call();
    at::removeCallback(handle);
    return numbers();
  }

 private:
  static std::vector<std::int64_t>& numbers() {
    static thread_local std::vector<std::int64_t> found;
    return found;
  }

  static void end(const at::RecordFunction& function, at::ObserverContext* /*context*/) {
    if (std::string_view(function.name()) == "aten::convolution")
      numbers().push_back(function.outputs()[0].toTensor().numel());
  }
};

/// A weight and how many numbers a filter of each of its convolutions has, in their order.
struct Filters {
  const char* weight;
  std::vector<std::int64_t> taps;
};

/// Each number that comes out is the sum over one filter.
std::int64_t made_by(const Network& network, const at::Tensor& x, const Filters& filters) {
  const auto made = ConvolutionOutputs::of([&] { network(x); });
  EXPECT_EQ(made.size(), filters.taps.size()) << filters.weight;
  if (made.size() != filters.taps.size()) return -1;
  return std::inner_product(made.begin(), made.end(), filters.taps.begin(), std::int64_t{0});
}

Network one_convolution(const Conv2dOptions& options, const std::string& weight) {
  auto stored = options;
  stored.weight = weight;
  GraphBuilder g;
  g.conv2d("conv", g.input("image", {6, 9, 12}), stored);
  return g.build(1);
}

// Each factor meets the pixels of its own step: of the input, of the rows of the output, of the
// output. Sides differ, so that none stands for another.
TEST(ConvolutionCosts, AreThoseOfTheConvolutionsThatAreMade) {
  const auto x = at::randn({2, 6, 9, 12});
  const std::vector<Filters> kernels{{"dense", {6 * 9}},
                                     {"low_rank(r=5)", {6 * 9, 5}},
                                     {"tucker(r=4x3)", {6, 3 * 9, 4}},
                                     {"cp(r=5)", {6, 3, 3, 5}},
                                     {"tt(out=4x2,in=6x9,r=1)", {6 * 9}},
                                     {"tt(out=2x2x2,in=6x3x3,r=2)", {6 * 9}}};
  for (const auto& options : {Conv2dOptions{.out = 8}, Conv2dOptions{.out = 8, .padding = 1},
                              Conv2dOptions{.out = 8, .stride = 2, .padding = 1},
                              Conv2dOptions{.out = 8, .stride = 2, .same = true},
                              Conv2dOptions{.out = 8, .stride = 3, .dilation = 2, .padding = 3}}) {
    for (const auto& kernel : kernels) {
      const auto network = one_convolution(options, kernel.weight);
      const auto made = made_by(network, x, kernel);
      EXPECT_EQ(costs(network, 2)[0].multiply_adds, made)
          << kernel.weight << ", stride " << options.stride << ", padding " << options.padding;
      const Network frugal{network.graph, with_low_memory(network.state)};
      EXPECT_EQ(costs(frugal, 2)[0].multiply_adds, made) << kernel.weight;
    }
  }
}

TEST(ConvolutionCosts, OfWindowsOfOnePixel) {
  const auto x = at::randn({2, 6, 9, 12});
  for (const auto& kernel : {Filters{"dense", {6}}, Filters{"low_rank(r=3)", {6, 3}},
                             Filters{"tucker(r=4x3)", {6, 3, 4}}, Filters{"cp(r=5)", {6, 1, 1, 5}},
                             Filters{"tt(out=4x2,in=3x2,r=1)", {6}}}) {
    for (const std::int64_t stride : {1, 2}) {
      const auto network =
          one_convolution({.out = 8, .kernel = 1, .stride = stride}, kernel.weight);
      EXPECT_EQ(costs(network, 2)[0].multiply_adds, made_by(network, x, kernel))
          << kernel.weight << ", stride " << stride;
    }
  }
}

// The window is convolved with, the train behind it is not: it is one product of 6 channels of rank
// 3 for each of 8 outputs, in 5x6 pixels.
TEST(ConvolutionCosts, OfATrainWithAWindow) {
  const Filters window{"tt(out=8,in=6,r=3)", {9}};
  const auto network = one_convolution({.out = 8, .stride = 2, .padding = 1}, window.weight);
  const auto made = made_by(network, at::randn({2, 6, 9, 12}), window);
  EXPECT_EQ(made, 2 * 5 * 6 * 6 * 3 * 9);
  EXPECT_EQ(costs(network, 2)[0].multiply_adds, made + 2 * 5 * 6 * 6 * 3 * 8);
}

// ResNet-18's first convolution of its second stage, 56x56 pixels to 28x28 at stride 2.
TEST(ConvolutionCosts, OfAStridedLayerOfAResNet) {
  const auto counted = [](const std::string& weight) {
    GraphBuilder g;
    g.conv2d("conv", g.input("image", {64, 56, 56}),
             {.out = 128, .kernel = 3, .stride = 2, .padding = 1, .bias = false, .weight = weight});
    return costs(g.build(1))[0].multiply_adds;
  };
  // 64 channels to 40 in 56x56 pixels, down in 28x58, across and to 128 channels in 28x28.
  EXPECT_EQ(counted("cp(r=40)"), 40 * (3136 * 64 + 28 * 58 * 3 + 784 * (3 + 128)));
  EXPECT_EQ(counted("tucker(r=64x32)"), 3136 * 64 * 32 + 784 * (32 * 9 * 64 + 64 * 128));
}

}  // namespace
}  // namespace ranklens::nn
