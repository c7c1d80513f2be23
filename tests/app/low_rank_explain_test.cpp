// A network trained with ranks found on the way is evaluated and explained as it was trained: the
// same weights, the resolution and the statistics of its training.
#include <ATen/ops/allclose.h>
#include <ATen/ops/tensor.h>

#include "ranklens/base/image.h"
#include "ranklens/base/npy.h"
#include "ranklens/base/random.h"
#include "ranklens/data/open.h"
#include "ranklens/explain/grad_cam.h"
#include "ranklens/nn/builder.h"
#include "ranklens/nn/model_file.h"

#include "app/run.h"

namespace ranklens::app {
namespace {

TEST(LowRankExplain, ExplainsTheNetworkThatWasTrained) {
  const TemporaryFolder folder;
  const std::string scenes = "scenes:train=60,test=30", out = (folder / "run").string(),
                    model = (folder / "run/last.safetensors").string();
  const auto trained = answer_of(ranklens({"train",       "cnn-dense",
                                           "--width",     "4",
                                           "--layers",    "conv*: low_rank(r=4)",
                                           "--data",      scenes,
                                           "--epochs",    "2",
                                           "--batch",     "20",
                                           "--optimiser", "bug(lr=5e-3,tau=0.3)",
                                           "--out",       out,
                                           "--seed",      "3",
                                           "--threads",   "1",
                                           "--json"}));
  const auto read = nn::read_model(model).network;
  int smaller = 0;
  for (const auto& name : read.state.names()) {
    const auto& weight = read.state.at(name).weight;
    if (weight->kind() == "low_rank" && weight->factors().front().tensor.size(1) < 4) ++smaller;
  }
  EXPECT_GT(smaller, 0);
  const auto found = answer_of(ranklens({"evaluate", model, "--data", scenes, "--json"}));
  EXPECT_DOUBLE_EQ(found["accuracy"].get<double>(), trained["validation_accuracy"].get<double>());
  EXPECT_NEAR(found["loss"].get<double>(), trained["validation_loss"].get<double>(), 1e-6);

  const auto images = data::open(scenes, {.split = data::Split::test})
                          .images.narrow(0, 0, 3)
                          .to(at::kFloat)
                          .div(255);
  base::write_npy((folder / "x.npy").string(), images);
  const auto explained =
      answer_of(ranklens({"explain", model, "--images", (folder / "x.npy").string(), "--out",
                          (folder / "maps").string(), "--json"}));
  const auto logits = read(images).to(at::kDouble);
  for (std::int64_t k = 0; k < 3; ++k) {
    const auto& first = explained["images"][static_cast<std::size_t>(k)]["predictions"][0];
    EXPECT_NEAR(first["probability"].get<double>(), logits[k].softmax(0).max().item<double>(),
                1e-6);
  }
}

/// Its first node is a normalisation with statistics of its own.
nn::Network with_statistics(std::vector<double> mean, std::vector<double> std) {
  nn::GraphBuilder g;
  auto x = g.input("image", {3, 16, 16});
  x = g.normalise("input.normalise", x, std::move(mean), std::move(std));
  x = g.relu("relu",
             g.conv2d("conv", x, {.out = 6, .kernel = 3, .padding = 1, .weight = "low_rank(r=3)"}));
  x = g.flatten("flat", g.adaptive_avg_pool2d("pool", x, 4, 4));
  g.linear("head", x, {.out = 3});
  return g.build(5);
}

// A photo of four times the side comes to the network at the size of its training, and is
// normalised by the statistics that the file holds, not by those of ImageNet.
TEST(LowRankExplain, UsesTheResolutionAndStatisticsOfTraining) {
  const TemporaryFolder folder;
  const auto network = with_statistics({0.2, 0.5, 0.6}, {0.1, 0.2, 0.4});
  const auto imagenet = with_statistics({0.485, 0.456, 0.406}, {0.229, 0.224, 0.225});
  const auto model = (folder / "m.safetensors").string(), photo = (folder / "p.png").string();
  nn::write_model(model, {.network = network});
  const auto bytes = base::Stream(6, "test").uniform({3, 16, 16}, 0, 255.9).floor();
  const auto image = bytes.div(255).to(at::kFloat);
  const auto large = image.repeat_interleave(4, 1).repeat_interleave(4, 2);
  base::write_png(photo, base::to_image(large));

  const auto found = answer_of(
      ranklens({"explain", model, photo, "--report", (folder / "page.html").string(), "--json"}));
  const auto probability = [&](const nn::Network& one) {
    const auto seen = base::resize(large, 16, 16).unsqueeze(0);
    return one(seen)[0].to(at::kDouble).softmax(0).max().item<double>();
  };
  const auto said = found["images"][0]["predictions"][0]["probability"].get<double>();
  EXPECT_NEAR(said, probability(network), 1e-5);
  EXPECT_GT(std::abs(said - probability(imagenet)), 1e-3);

  base::write_npy((folder / "x.npy").string(), image.unsqueeze(0));
  ASSERT_EQ(ranklens({"explain", model, "--images", (folder / "x.npy").string(), "--target", "1",
                      "--layer", "relu", "--out", (folder / "maps").string()})
                .status,
            0);
  const auto maps = base::read_npy((folder / "maps/gradcam.npy").string());
  const auto wanted = explain::attribute(network, image.unsqueeze(0), at::tensor({1}, at::kLong),
                                         explain::GradCam{.layer = "relu"});
  const auto other = explain::attribute(imagenet, image.unsqueeze(0), at::tensor({1}, at::kLong),
                                        explain::GradCam{.layer = "relu"});
  EXPECT_TRUE(at::allclose(maps, wanted.maps, 1e-5, 1e-7));
  EXPECT_FALSE(at::allclose(maps, other.maps, 1e-2, 1e-4));
}

}  // namespace
}  // namespace ranklens::app
