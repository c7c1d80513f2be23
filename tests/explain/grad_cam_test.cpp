#include "ranklens/explain/grad_cam.h"

#include <ATen/core/grad_mode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/nn/cut.h"

#include "explain/nets.h"

namespace ranklens::explain {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

// conv, ReLU, mean over all pixels, linear.
nn::Network gap_net() {
  nn::GraphBuilder g;
  auto x = g.input("image", {1, 6, 6});
  x = g.relu("relu", g.conv2d("conv", x, {.out = 5, .kernel = 3, .padding = 1}));
  g.linear("head", g.flatten("flat", g.adaptive_avg_pool2d("pool", x)), {.out = 3});
  return in_double(g.build(11));
}

TEST(GradCam, IsCamOverItsPixelsUnderGlobalPooling) {
  // Zhou et al. 2016: CAM = sum_k w_k A_k; the mean over HW pixels makes the gradient w_k / HW.
  const nn::Network net = gap_net();
  const at::Tensor images = noise({2, 1, 6, 6}, 1);
  const at::Tensor activations = net.run(images, {.want = {"relu"}}).taps.at("relu");
  const at::Tensor weights =
      net.state.tensor("head.weight").index_select(0, labels({2, 1})).view({2, 5, 1, 1});
  const at::Tensor cam = (weights * activations).sum(1);
  const Attribution raw = attribute(net, images, labels({2, 1}), GradCam{.relu = false});
  EXPECT_TRUE((raw.maps * 36).allclose(cam, 1e-12, 1e-13));
  EXPECT_TRUE(raw.is_signed);
  const Attribution plain = attribute(net, images, labels({2, 1}), GradCam{});
  EXPECT_TRUE((plain.maps * 36).allclose(cam.clamp_min(0), 1e-12, 1e-13));
  EXPECT_FALSE(plain.is_signed);
  EXPECT_EQ(plain.layer, "relu");
  EXPECT_THAT(plain.notes, Contains(HasSubstr("'relu' is the last activation after the last "
                                              "convolution, 'conv' (6x6)")));
}

TEST(GradCam, AcrossASkipConnectionEqualsFiniteDifferences) {
  // The cut after act2 holds act1 too, which the sum takes.
  const nn::Network net = smooth_net();
  const at::Tensor image = noise({1, 2, 5, 5}, 2);
  const nn::Cut cut = nn::cut_after(net.graph, "act2");
  ASSERT_EQ(cut.size(), 2u);
  const auto values = nn::head(net, cut).run(image).outputs;
  const nn::Network tail = nn::tail(net, cut);
  const std::size_t place = cut[0] == "act2" ? 0 : 1;
  const at::Tensor slopes = finite_differences(
      [&](const at::Tensor& activation) {
        auto changed = values;
        changed[place] = activation;
        return tail.run(changed).output()[0][3].item<double>();
      },
      values[place]);
  const at::Tensor expected = (slopes.mean({2, 3}, true) * values[place]).sum(1);
  const Attribution found =
      attribute(net, image, labels({3}), GradCam{.layer = "act2", .relu = false});
  EXPECT_LT((found.maps - expected).abs().max().item<double>(), 1e-9);
}

// Passes its input on; fails where gradients are recorded.
class Untouched final : public nn::Operator {
 public:
  std::string_view kind() const override { return "untouched"; }
  nlohmann::json options() const override { return nlohmann::json::object(); }
  std::vector<at::Tensor> run(const nn::Call& call) const override {
    EXPECT_FALSE(at::GradMode::is_enabled() && call.input().requires_grad());
    EXPECT_FALSE(at::GradMode::is_enabled());
    return {call.input()};
  }
};

TEST(GradCam, TakesNoGradientBelowItsLayer) {
  nn::GraphBuilder g;
  auto x = g.input("image", {1, 4, 4});
  x = g.add("below", std::make_shared<Untouched>(), {x});
  x = g.relu("relu", g.conv2d("conv", x, {.out = 2, .kernel = 3, .padding = 1}));
  g.linear("head", g.flatten("flat", x), {.out = 2});
  nn::Network net = g.build(1);
  net.state = net.state.as_leaves();
  attribute(net, noise({2, 1, 4, 4}, 1, at::kFloat), labels({0, 1}), GradCam{});
}

TEST(GradCam, ResizesAndScalesAsAsked) {
  nn::GraphBuilder g;
  auto x = g.input("image", {1, 8, 8});
  x = g.relu("relu", g.conv2d("conv", x, {.out = 4, .kernel = 3, .stride = 4, .padding = 1}));
  g.linear("head", g.flatten("flat", x), {.out = 2});
  const nn::Network net = in_double(g.build(2));
  const at::Tensor images = noise({3, 1, 8, 8}, 3);
  const auto targets = labels({0, 1, 0});
  const at::Tensor small = attribute(net, images, targets, GradCam{.resize = false}).maps;
  EXPECT_EQ(small.sizes(), at::IntArrayRef({3, 2, 2}));
  const at::Tensor large =
      attribute(net, images, targets, GradCam{.alignment = Alignment::corners}).maps;
  EXPECT_EQ(large.sizes(), at::IntArrayRef({3, 8, 8}));
  EXPECT_TRUE(large.select(2, 7).select(1, 7).allclose(small.select(2, 1).select(1, 1)));
  const at::Tensor scaled = attribute(net, images, targets, GradCam{.scale = true}).maps;
  for (std::int64_t n = 0; n < 3; ++n) {
    const double top = scaled[n].max().item<double>();
    EXPECT_TRUE(top == 1 || small[n].max().item<double>() == small[n].min().item<double>());
  }
}

TEST(GradCam, SaysWhenAMapIsBlank) {
  nn::Network net = gap_net();
  net.state.replace("head.weight", nn::Weight(-net.state.tensor("head.weight").abs()));
  const Attribution found = attribute(net, noise({2, 1, 6, 6}, 1), labels({0, 1}), GradCam{});
  EXPECT_EQ(found.maps.max().item<double>(), 0);
  EXPECT_THAT(found.notes, Contains(HasSubstr("2 of 2 maps have no positive value")));
}

TEST(GradCam, SplitsIntoChunksWithoutAChange) {
  const nn::Network net = smooth_net();
  const at::Tensor images = noise({4, 2, 5, 5}, 9);
  const auto targets = labels({0, 1, 2, 3});
  const at::Tensor one = attribute(net, images, targets, GradCam{}, {.memory = 1}).maps;
  EXPECT_TRUE(one.allclose(attribute(net, images, targets, GradCam{}).maps, 1e-12, 1e-14));
}

TEST(GradCam, PresetsAreTheLibraries) {
  EXPECT_TRUE(grad_cam_preset("paper").relu);
  EXPECT_FALSE(grad_cam_preset("captum").relu);
  EXPECT_FALSE(grad_cam_preset("captum").resize);
  EXPECT_TRUE(grad_cam_preset("pytorch-grad-cam").scale);
  EXPECT_EQ(grad_cam_preset("pytorch-grad-cam").alignment, Alignment::areas);
  EXPECT_EQ(grad_cam_preset("tf-keras-vis").alignment, Alignment::corners);
  EXPECT_EQ(grad_cam_preset("tf-keras-vis").layer, "conv-activation");
  EXPECT_THROW(grad_cam_preset("pair"), base::Error);
}

}  // namespace
}  // namespace ranklens::explain
