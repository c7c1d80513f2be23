// Where a network ends in the mean over pixels and a linear layer, the class activation map of Zhou
// et al. 2016 (eq. 2), sum_k W[c,k] A_k, is Grad-CAM's times the number of pixels.
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "ranklens/explain/grad_cam.h"
#include "ranklens/explain/layers.h"
#include "ranklens/nn/fetch.h"
#include "ranklens/nn/model_file.h"

#include "explain/nets.h"

namespace ranklens::explain {
namespace {

/// [N,h,w]; the last node must be a linear layer that has one weight a channel of `layer`.
at::Tensor cam(const nn::Network& network, const std::string& layer, const at::Tensor& images,
               const at::Tensor& targets) {
  const c10::NoGradGuard no_grad;
  const auto& head = network.graph.node(network.graph.outputs().front());
  const auto weight = network.state.at(head.weights.at("weight")).weight->dense();
  const auto activations = network.run(images, {.want = {layer}}).taps.at(layer);
  const auto rows = weight.index_select(0, targets);
  return (rows.unsqueeze(-1).unsqueeze(-1) * activations).sum(1);
}

/// The largest difference beside the largest value.
double difference(const nn::Network& network, const std::string& layer, const at::Tensor& images,
                  const at::Tensor& targets) {
  const auto maps =
      attribute(network, images, targets, GradCam{.layer = layer, .relu = false, .resize = false})
          .maps;
  const auto expected = cam(network, layer, images, targets);
  const auto pixels = static_cast<double>(maps.size(1) * maps.size(2));
  return ((maps * pixels - expected).abs().max() / expected.abs().max()).item<double>();
}

TEST(Cam, IsGradCamTimesThePixels) {
  EXPECT_LT(difference(smooth_net(), "act3", noise({3, 2, 5, 5}, 1), labels({0, 2, 3})), 1e-12);
}

TEST(Cam, OfEfficientNetLite0WhereItIsThere) {
  const auto file = nn::fetched_model("efficientnet-lite0");
  if (!file) GTEST_SKIP() << "`ranklens fetch efficientnet-lite0` was not run";
  const auto network = nn::read_model(*file).network;
  const auto layer = choose_layer(network, "auto").value;
  const auto images = base::Stream(4, "test", "photo").uniform({2, 3, 224, 224}, 0, 1, at::kFloat);
  const auto targets = labels({281, 967});
  const auto maps = attribute(network, images, targets, GradCam{.resize = false}).maps;
  EXPECT_EQ(maps.sizes(), at::IntArrayRef({2, 7, 7}));
  EXPECT_LT(difference(network, layer, images, targets), 1e-6);
}

}  // namespace
}  // namespace ranklens::explain
