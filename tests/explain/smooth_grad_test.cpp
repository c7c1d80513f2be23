#include "ranklens/explain/smooth_grad.h"

#include <cmath>
#include <numeric>

#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "ranklens/base/error.h"
#include "ranklens/explain/saliency.h"

#include "explain/nets.h"
#include "testing/peak_memory.h"

namespace ranklens::explain {
namespace {

const Finish kApart{.channels = Channels::none};

TEST(SmoothGrad, OfALinearNetworkIsItsWeights) {
  const nn::Network net = linear_net(2, 3, 4);
  const at::Tensor images = noise({2, 2, 3, 3}, 1);
  const at::Tensor weights =
      net.state.tensor("head.weight").index_select(0, labels({2, 0})).view({2, 2, 3, 3});
  const auto maps = [&](Average average) {
    return attribute(net, images, labels({2, 0}),
                     SmoothGrad{.samples = 7, .average = average, .finish = kApart})
        .maps;
  };
  EXPECT_TRUE(maps(Average::signed_mean).allclose(weights, 1e-12));
  EXPECT_TRUE(maps(Average::absolute).allclose(weights.abs(), 1e-12));
  EXPECT_TRUE(maps(Average::square).allclose(weights.square(), 1e-12));
  EXPECT_LT(maps(Average::variance).abs().max().item<double>(), 1e-15);
}

TEST(SmoothGrad, WithoutNoiseIsTheGradient) {
  const nn::Network net = smooth_net();
  const at::Tensor images = noise({2, 2, 5, 5}, 2);
  const at::Tensor plain = attribute(net, images, labels({0, 3}), Saliency{}).maps;
  const at::Tensor smooth =
      attribute(net, images, labels({0, 3}), SmoothGrad{.samples = 3, .sigma = 0}).maps;
  EXPECT_TRUE(smooth.allclose(plain, 1e-12));
}

// One pixel, logit relu(x): the gradient is 1 where x + sigma z > 0, so its mean is Phi(x / sigma).
TEST(SmoothGrad, AveragesAStepToTheNormalDistribution) {
  nn::GraphBuilder g;
  auto x = g.input("image", {1, 1, 1});
  x = g.relu("relu", g.conv2d("conv", x, {.out = 1, .kernel = 1, .bias = false}));
  g.flatten("flat", x);
  nn::Network net = in_double(g.build(1));
  net.state.replace("conv.weight", nn::Weight(at::full({1, 1, 1, 1}, 1.0, at::kDouble)));
  const at::Tensor image = at::full({1, 1, 1, 1}, 0.3, at::kDouble);
  const SmoothGrad options{
      .samples = 40000, .sigma = 0.5, .unit = NoiseUnit::absolute, .finish = kApart};
  const double phi = std::erfc(-0.6 / std::sqrt(2.0)) / 2;
  const double mean = attribute(net, image, labels({0}), options).maps.item<double>();
  EXPECT_NEAR(mean, phi, 4 * std::sqrt(phi * (1 - phi) / 40000));
  SmoothGrad variance = options;
  variance.average = Average::variance;
  EXPECT_NEAR(attribute(net, image, labels({0}), variance).maps.item<double>(), phi * (1 - phi),
              0.005);
}

TEST(SmoothGrad, NoiseIsAPartOfEachImagesRange) {
  // Image 0 spans 1, image 1 spans 10; a third is flat and gets no noise. The noise is given, and
  // the network is smooth, so each copy's gradient can be had alone.
  const nn::Network net = smooth_net(2, 5);
  at::Tensor images = noise({3, 2, 5, 5}, 4).clamp(-1, 1);
  images[0] = (images[0] - images[0].min()) / (images[0].max() - images[0].min());
  images[1] = 10 * (images[1] - images[1].min()) / (images[1].max() - images[1].min());
  images[2].fill_(0.4);
  const at::Tensor given = noise({2, 3, 2, 5, 5}, 5);
  const auto targets = labels({0, 1, 2});
  const Saliency gradient{.finish = kApart};
  const at::Tensor sigma = at::tensor({0.2, 2.0, 0.0}, at::kDouble).view({3, 1, 1, 1});
  const at::Tensor first = attribute(net, images + sigma * given[0], targets, gradient).maps;
  const at::Tensor second = attribute(net, images + sigma * given[1], targets, gradient).maps;
  const auto maps = [&](Average average) {
    return attribute(net, images, targets,
                     SmoothGrad{.samples = 2,
                                .sigma = 0.2,
                                .average = average,
                                .finish = kApart,
                                .noise = given})
        .maps;
  };
  EXPECT_TRUE(maps(Average::signed_mean).allclose((first + second) / 2, 1e-10, 1e-12));
  EXPECT_TRUE(maps(Average::absolute).allclose((first.abs() + second.abs()) / 2, 1e-10, 1e-12));
  EXPECT_TRUE(maps(Average::variance).allclose((first - second).square() / 4, 1e-8, 1e-12));
}

TEST(SmoothGrad, AnImageHasItsOwnNoiseHoweverItIsBatched) {
  const nn::Network net = smooth_net();
  const at::Tensor images = noise({4, 2, 5, 5}, 6);
  const auto targets = labels({0, 1, 2, 3});
  SmoothGrad options{.samples = 5, .seed = 9};
  const at::Tensor all = attribute(net, images, targets, options).maps;
  const at::Tensor little = attribute(net, images, targets, options, {.memory = 1}).maps;
  EXPECT_TRUE(little.allclose(all, 1e-12, 1e-14));
  options.first_image = 2;
  const at::Tensor last =
      attribute(net, images.narrow(0, 2, 2), targets.narrow(0, 2, 2), options).maps;
  EXPECT_TRUE(last.allclose(all.narrow(0, 2, 2), 1e-12, 1e-14));
  options.seed = 10;
  EXPECT_FALSE(attribute(net, images, targets, options).maps.allclose(all, 1e-3));
}

// What is kept of the images is bounded by the memory, not by how many images there are.
TEST(SmoothGrad, MemoryBoundsWhatIsKeptOfAllImages) {
  const nn::Network net = linear_net(3, 64, 2);
  const at::Tensor images = noise({200, 3, 64, 64}, 7);
  const auto targets = at::zeros({200}, at::kLong);
  const std::int64_t memory = 8'000'000;  // both sums of all images take 39 MB
  for (const auto average : {Average::signed_mean, Average::square, Average::variance}) {
    const SmoothGrad options{.samples = 1, .average = average};
    const ranklens::testing::PeakMemory count;
    const at::Tensor maps = attribute(net, images, targets, options, {.memory = memory}).maps;
    EXPECT_LT(count.peak(), memory + 2 * static_cast<std::int64_t>(maps.nbytes()));
  }
}

TEST(SmoothGrad, ProgressIsOfAllBlocks) {
  const nn::Network net = linear_net(2, 5, 4);
  const at::Tensor images = noise({4, 2, 5, 5}, 6);
  std::vector<double> done;
  const base::Progress progress = [&](const base::ProgressUpdate& update) {
    EXPECT_EQ(update.total, 12);
    done.push_back(update.done);
  };
  attribute(net, images, labels({0, 1, 2, 3}), SmoothGrad{.samples = 3},
            {.memory = 1, .progress = progress});
  std::vector<double> all(12);
  std::iota(all.begin(), all.end(), 1.0);
  EXPECT_EQ(done, all);
}

TEST(SmoothGrad, PresetsAreTheLibraries) {
  const SmoothGrad paper = smooth_grad_preset("paper");
  EXPECT_EQ(paper.samples, 50);
  EXPECT_EQ(paper.average, Average::signed_mean);
  const SmoothGrad captum = smooth_grad_preset("captum");
  EXPECT_EQ(captum.samples, 5);
  EXPECT_EQ(captum.sigma, 1);
  EXPECT_EQ(captum.unit, NoiseUnit::absolute);
  const SmoothGrad keras = smooth_grad_preset("tf-keras-vis");
  EXPECT_EQ(keras.samples, 20);
  EXPECT_EQ(keras.sigma, 0.2);
  EXPECT_EQ(keras.average, Average::absolute);
  EXPECT_EQ(keras.finish.channels, Channels::max);
  const SmoothGrad pair = smooth_grad_preset("pair");
  EXPECT_EQ(pair.samples, 25);
  EXPECT_EQ(pair.average, Average::square);
  EXPECT_EQ(pair.preset, "pair");
  EXPECT_THROW(smooth_grad_preset("zennit"), base::Error);
}

TEST(SmoothGrad, RefusesNonsense) {
  const nn::Network net = linear_net(1, 3, 2);
  const at::Tensor image = noise({1, 1, 3, 3}, 1);
  EXPECT_THROW(attribute(net, image, labels({0}), SmoothGrad{.samples = 0}), base::Error);
  EXPECT_THROW(attribute(net, image, labels({0}), SmoothGrad{.sigma = -1}), base::Error);
  EXPECT_THROW(attribute(net, image, labels({0}),
                         SmoothGrad{.samples = 3, .noise = noise({2, 1, 1, 3, 3}, 1)}),
               base::Error);
  EXPECT_THROW(attribute(net, image, labels({0}),
                         SmoothGrad{.finish = {.channels = Channels::none, .scale = true}}),
               base::Error);
}

}  // namespace
}  // namespace ranklens::explain
