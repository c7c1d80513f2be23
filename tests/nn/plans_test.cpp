#include "ranklens/nn/plans.h"

#include <gtest/gtest.h>

#include "ranklens/nn/builder.h"
#include "ranklens/nn/inspect.h"
#include "ranklens/nn/zoo/zoo.h"
#include "ranklens/tn/linear/tt_linear.h"

namespace ranklens::nn {
namespace {

Network with_weights(const std::string& conv, const std::string& linear) {
  GraphBuilder g;
  auto x = g.input("image", {6, 8, 8});
  x = g.conv2d("conv", x, {.out = 8, .kernel = 3, .stride = 2, .padding = 1, .weight = conv});
  x = g.flatten("flatten", x);
  g.linear("head", x, {.out = 12, .weight = linear});
  return g.build(1);
}

TEST(LayerPlans, TrainsTakeTheScheduleOfTheLayer) {
  const auto network = zoo::make("cnn-tt-matched", {.width = 8, .seed = 1});
  const auto plans = layer_plans(network, 32);
  ASSERT_EQ(plans.size(), 1U);
  EXPECT_EQ(plans[0].layer, "head");
  EXPECT_EQ(plans[0].rows, 32);
  EXPECT_EQ(plans[0].dtype, "float32");
  ASSERT_EQ(plans[0].passes.size(), 3U);
  std::vector<at::Tensor> cores;
  for (const auto& factor : network.state.at("head.weight").weight->factors())
    cores.push_back(factor.tensor);
  EXPECT_EQ(plans[0].passes[0].order, tn::describe(tn::tt_linear_schedule(cores, 32, false)));
  EXPECT_EQ(plans[0].passes[1].mode, "fast");
  EXPECT_EQ(plans[0].passes[2].mode, "low memory");
  EXPECT_EQ(plans[0].passes[0].backward, 0);
  EXPECT_GT(plans[0].passes[1].backward, plans[0].passes[1].forward);
  EXPECT_LE(plans[0].passes[2].kept, plans[0].passes[1].kept);
}

TEST(LayerPlans, OtherFormatsHaveOneOrder) {
  // Two images of 8x8 pixels, with their padding 10x10, to 4x4; kernels 8x6x3x3.
  const double low_rank = 2 * 16 * (6 * 9 * 5 + 5 * 8);               // 9920
  const double tucker = 2 * (64 * 6 * 3 + 16 * (3 * 9 * 4 + 4 * 8));  // 6784
  const double cp = 2 * 5 * (64 * 6 + 4 * 10 * 3 + 16 * 3 + 16 * 8);  // 6800
  for (const auto& [conv, order, between, multiply_adds] :
       {std::tuple{"low_rank(r=5)", "V, then U", 2 * 16 * 5, low_rank},
        std::tuple{"tucker(r=4x3)", "V, then the core, then U", 2 * (64 * 3 + 16 * 4), tucker},
        std::tuple{"cp(r=5)", "input channels, down, across, output channels",
                   2 * 5 * (100 + 4 * 10 + 16), cp}}) {
    const auto network = with_weights(conv, "dense");
    const auto plans = layer_plans(network, 2);
    ASSERT_EQ(plans.size(), 1U) << conv;
    EXPECT_EQ(plans[0].rows, 2 * 16);
    ASSERT_EQ(plans[0].passes.size(), 3U);
    EXPECT_EQ(plans[0].passes[0].order, order);
    EXPECT_EQ(plans[0].passes[1].kept, 4 * between);
    EXPECT_EQ(plans[0].passes[0].forward, 2 * multiply_adds);
    EXPECT_EQ(static_cast<double>(costs(network, 2)[0].multiply_adds), multiply_adds);
  }
}

TEST(LayerPlans, ATrainOfAKernelsMatrixIsRebuilt) {
  for (const auto& [kernel, modes, multiply_adds] :
       {std::tuple{3, "in=6x9", 2 * 16 * 8 * 54}, std::tuple{1, "in=3x2", 2 * 16 * 8 * 6}}) {
    GraphBuilder g;
    g.conv2d("conv", g.input("image", {6, 8, 8}),
             {.out = 8,
              .kernel = kernel,
              .stride = 2,
              .padding = kernel / 2,
              .weight = std::string("tt(out=4x2,") + modes + ",r=1)"});
    const auto network = g.build(1);
    const auto plan = layer_plans(network, 2).at(0);
    EXPECT_EQ(plan.passes[0].order, "the dense kernel is rebuilt");
    // Forming the kernel comes on top, once a batch.
    EXPECT_EQ(costs(network, 2)[0].multiply_adds, multiply_adds);
    EXPECT_LE(2.0 * multiply_adds, plan.passes[0].forward);
  }
}

TEST(LayerPlans, ATrainWithAWindowConvolvesEachChannelFirst) {
  const auto network = with_weights("tt(out=4x2,in=3x2,r=3)", "tt(out=4x3,in=16x8,r=2)");
  const auto plans = layer_plans(network, 2);
  ASSERT_EQ(plans.size(), 2U);
  EXPECT_TRUE(plans[0].passes[0].order.starts_with("window of every channel; "));
  const double window = 2.0 * 32 * 6 * 9 * 3;  // pixels, channels, taps, ranks
  EXPECT_GT(plans[0].passes[0].forward, window);
  EXPECT_GE(plans[0].passes[1].kept, 4.0 * 32 * 6 * 3);
  EXPECT_EQ(plans[1].rows, 2);
}

// Of every format, whatever its order: that is what the mode is there for.
TEST(LayerPlans, LowMemoryKeepsNothing) {
  for (const auto& [conv, linear] :
       {std::pair{"low_rank(r=5)", "low_rank(r=3)"}, std::pair{"tucker(r=4x3)", "tucker(r=4x3)"},
        std::pair{"cp(r=5)", "cp(r=5)"},
        std::pair{"tt(out=4x2,in=3x2,r=3)", "tt(out=4x3,in=16x8,r=2)"},
        std::pair{"tt(out=4x2,in=6x9,r=3)", "tt(out=4x3,in=16x8,r=20)"}}) {
    for (const auto& plan : layer_plans(with_weights(conv, linear), 64)) {
      SCOPED_TRACE(plan.layer + " " + plan.weight);
      ASSERT_EQ(plan.passes.size(), 3U);
      const auto &fast = plan.passes[1], &low = plan.passes[2];
      EXPECT_EQ(fast.mode, "fast");
      EXPECT_EQ(low.mode, "low memory");
      EXPECT_EQ(low.kept, 0);
      EXPECT_EQ(low.pass, "training");
      // Trains as linear maps plan anew; what else there is runs forward once more.
      if (plan.layer != "conv" && plan.weight.starts_with("tt")) continue;
      EXPECT_EQ(low.backward, fast.forward + fast.backward);
      EXPECT_GT(fast.kept, 0);
    }
  }
}

TEST(LayerPlans, DenseNetworksHaveNone) {
  EXPECT_TRUE(layer_plans(zoo::make("cnn-dense", {.width = 8}), 4).empty());
}

}  // namespace
}  // namespace ranklens::nn
