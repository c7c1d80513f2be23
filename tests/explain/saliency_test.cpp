#include "ranklens/explain/saliency.h"

#include <ATen/core/grad_mode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/nn/operators/activation.h"
#include "ranklens/nn/operators/aten_call.h"

#include "explain/nets.h"
#include "testing/expect_error.h"

namespace ranklens::explain {
namespace {

using ranklens::testing::error_of;

TEST(Saliency, OfALinearNetworkIsItsWeights) {
  const nn::Network net = linear_net(2, 3, 4);
  const at::Tensor images = noise({2, 2, 3, 3}, 1);
  const at::Tensor rows = net.state.tensor("head.weight").index_select(0, labels({2, 0}));
  const at::Tensor weights = rows.view({2, 2, 3, 3});
  const Attribution found = attribute(net, images, labels({2, 0}), Saliency{});
  EXPECT_TRUE(found.maps.allclose(weights.abs().amax(1), 1e-14));
  EXPECT_FALSE(found.is_signed);
  const Attribution product = attribute(net, images, labels({2, 0}), InputXGradient{});
  EXPECT_TRUE(product.maps.allclose((weights * images).sum(1), 1e-12));
  EXPECT_TRUE(product.is_signed);
}

TEST(Saliency, EqualsFiniteDifferences) {
  const nn::Network net = smooth_net();
  const at::Tensor images = noise({3, 2, 5, 5}, 2);
  const auto targets = labels({1, 3, 1});
  const Attribution found =
      attribute(net, images, targets, Saliency{.finish = {.channels = Channels::none}});
  EXPECT_TRUE(found.is_signed);
  for (std::int64_t n = 0; n < 3; ++n) {
    const at::Tensor slopes = finite_differences(
        [&](const at::Tensor& x) { return logit(net, x, targets[n].item<std::int64_t>()); },
        images[n]);
    EXPECT_LT((found.maps[n] - slopes).abs().max().item<double>(), 1e-8);
  }
}

TEST(Saliency, SplitsIntoChunksWithoutAChange) {
  const nn::Network net = smooth_net();
  const at::Tensor images = noise({5, 2, 5, 5}, 3);
  const auto targets = labels({0, 1, 2, 3, 0});
  std::vector<double> done;
  Execution small{.memory = 1, .progress = [&](const base::ProgressUpdate& update) {
                    done.push_back(update.done / update.total);
                  }};
  const at::Tensor one = attribute(net, images, targets, Saliency{}, small).maps;
  EXPECT_THAT(done, ::testing::ElementsAre(0.2, 0.4, 0.6, 0.8, 1.0));
  EXPECT_TRUE(one.allclose(attribute(net, images, targets, Saliency{}).maps, 1e-12, 1e-14));
}

TEST(Saliency, WorksWhereGradientsAreOff) {
  const nn::Network net = linear_net(1, 3, 2);
  const at::Tensor images = noise({1, 1, 3, 3}, 4);
  const c10::NoGradGuard no_grad;
  const at::Tensor maps = attribute(net, images, labels({1}), Saliency{}).maps;
  EXPECT_GT(maps.sum().item<double>(), 0);
  EXPECT_FALSE(maps.requires_grad());
}

// Whether it is a node of its own or an operator of libtorch.
TEST(Saliency, LeavesASoftmaxAtTheEndOut) {
  const auto arguments = nlohmann::json::parse(R"([{"input": 0}, 1])");
  for (const nn::OperatorPtr& op : std::vector<nn::OperatorPtr>{
           std::make_shared<nn::Softmax>(-1),
           std::make_shared<nn::AtenCall>("aten::softmax", "int", arguments)}) {
    nn::GraphBuilder g;
    auto x = g.input("image", {1, 3, 3});
    g.add("probability", op, {g.linear("head", g.flatten("flat", x), {.out = 3})});
    const nn::Network net = in_double(g.build(3));
    const at::Tensor images = noise({1, 1, 3, 3}, 5);
    const Attribution found = attribute(net, images, labels({1}), Saliency{});
    EXPECT_TRUE(found.maps[0].allclose(net.state.tensor("head.weight")[1].abs().view({3, 3})));
    ASSERT_FALSE(found.notes.empty()) << op->kind();
    EXPECT_THAT(found.notes[0], ::testing::HasSubstr("'probability'"));
  }
}

TEST(Saliency, NoImagesGiveNoMaps) {
  const nn::Network net = linear_net(1, 3, 2);
  const at::Tensor none = noise({0, 1, 3, 3}, 1);
  EXPECT_EQ(attribute(net, none, labels({}), Saliency{}).maps.sizes(), at::IntArrayRef({0, 3, 3}));
}

TEST(Saliency, BadInputIsNamed) {
  const nn::Network net = linear_net(1, 3, 2);
  const at::Tensor images = noise({2, 1, 3, 3}, 1);
  const auto explain = [&](const at::Tensor& pixels, const at::Tensor& targets) {
    return error_of([&] { attribute(net, pixels, targets, Saliency{}); });
  };
  EXPECT_EQ(explain(noise({2, 1, 4, 3}, 1), labels({0, 1})),
            "the network takes images of 1x3x3 but these are 1x4x3");
  EXPECT_EQ(explain(images, labels({0, 2})),
            "the target 2 is no class of the network, which has 2");
  EXPECT_EQ(explain(images, labels({0, -1})),
            "the target -1 is no class of the network, which has 2");
  EXPECT_EQ(explain(images, labels({0})), "targets must be one int64 for each of the 2 images");
  at::Tensor broken = images.clone();
  broken[1][0][0][2] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(explain(broken, labels({0, 1})), "image 1 holds a pixel that is not a finite number");
  EXPECT_EQ(error_of([&] { saliency_preset("keras"); }),
            "saliency has no preset 'keras'; it has paper, captum, tf-keras-vis, pair");
}

}  // namespace
}  // namespace ranklens::explain
