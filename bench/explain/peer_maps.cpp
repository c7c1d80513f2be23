// Networks, images and our raw maps as files, for bench/peers/explanations.py to hold against
// Captum and pytorch-grad-cam on the same weights.   peer_maps FOLDER
#include <cstdio>
#include <filesystem>

#include <ATen/ops/arange.h>

#include "ranklens/base/error.h"
#include "ranklens/base/npy.h"
#include "ranklens/base/safetensors.h"
#include "ranklens/explain/grad_cam.h"
#include "ranklens/explain/integrated_gradients.h"
#include "ranklens/explain/saliency.h"
#include "ranklens/explain/smooth_grad.h"
#include "ranklens/nn/zoo/zoo.h"

namespace {

using namespace ranklens;

constexpr std::int64_t kImages = 3;
constexpr std::int64_t kSamples = 8;

// Batch norms as after training: with running statistics of 0 and 1 they would hide mistakes.
void settle_batch_norms(nn::Network& network) {
  for (const auto& name : network.state.names()) {
    base::Stream stream(1, "noise", name);
    const auto& tensor = network.state.tensor(name);
    if (name.ends_with("running_mean")) {
      network.state.replace(name, nn::Weight(stream.normal(tensor.sizes(), 0, 0.1)));
    } else if (name.ends_with("running_var")) {
      network.state.replace(name, nn::Weight(stream.uniform(tensor.sizes(), 0.5, 1.5)));
    }
  }
}

void save_network(const std::filesystem::path& path, const nn::Network& network) {
  base::Safetensors file;
  for (const auto& [name, tensor] : network.state.tensors()) file.tensors[name] = tensor;
  base::write_safetensors(path, file);
}

void write_maps(const std::filesystem::path& folder, const std::string& name, nn::Network network) {
  settle_batch_norms(network);
  save_network(folder / (name + ".safetensors"), network);
  auto sizes = network.graph.inputs()[0].sample;
  sizes.insert(sizes.begin(), kImages);
  const at::Tensor images = base::Stream(2, "noise", name).uniform(sizes, 0, 1);
  const at::Tensor targets = at::arange(1, kImages + 1, at::kLong);
  sizes.insert(sizes.begin(), kSamples);
  const at::Tensor noise = base::Stream(3, "noise", name).normal(sizes);
  const auto save = [&](const std::string& what, const at::Tensor& tensor) {
    base::write_npy(folder / fmt::format("{}.{}.npy", name, what), tensor);
  };
  save("images", images);
  save("targets", targets);
  save("noise", noise);
  save("logits", network(images));
  const auto explain = [&](const auto& options) {
    return explain::attribute(network, images, targets, options).maps;
  };
  save("gradcam", explain(explain::grad_cam_preset("captum")));
  save("gradcam_scaled", explain(explain::grad_cam_preset("pytorch-grad-cam")));
  save("saliency", explain(explain::saliency_preset("captum")));
  save("input_x_gradient", explain(explain::input_x_gradient_preset("captum")));
  save("integrated_gradients", explain(explain::integrated_gradients_preset("captum")));
  explain::SmoothGrad smooth = explain::smooth_grad_preset("captum");
  smooth.samples = kSamples;
  smooth.sigma = 0.15;
  smooth.noise = noise;
  save("smoothgrad", explain(smooth));
  smooth.average = explain::Average::square;
  save("smoothgrad_square", explain(smooth));
}

}  // namespace

int main(int argc, char** argv) try {
  base::require(argc == 2, "usage: peer_maps FOLDER");
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder);
  write_maps(folder, "cnn-dense", nn::zoo::make("cnn-dense", {.seed = 1}));
  write_maps(folder, "resnet18", nn::zoo::make("resnet18", {.size = 96, .seed = 1}));
} catch (const std::exception& error) {
  std::fprintf(stderr, "peer_maps: %s\n", error.what());
  return 1;
}
