// Studies with a name.
#include "ranklens/base/error.h"
#include "ranklens/study/config.h"
#include "ranklens/study/dlrt_presets.h"

namespace ranklens::study {
namespace {

constexpr std::int64_t kPublishedEpochs = 50;

Config demo() { return {}; }

Config paper() {
  Config config;
  config.width = 32;
  config.dropout = 1;
  config.full_epochs = kPublishedEpochs;
  return config;
}

Config hackathon() {
  Config config;
  config.title = "A CNN with a dense head against one with a tensor-train head";
  config.data = "cifar10:data";
  config.grey = true;
  config.seeds = {13112022, 1, 2, 3, 4};
  config.width = 32;
  config.dropout = 1;
  config.epochs = config.full_epochs = kPublishedEpochs;
  config.batch = 512;
  config.optimiser = "adam(lr=1e-3,eps=1e-7,eps_hat)";  // Keras 2.7
  config.schedule = "constant";
  config.methods = {"gradcam(preset=tf-keras-vis)", "smoothgrad(preset=tf-keras-vis)"};
  config.images = "train:64-79,label=6:16";
  return config;
}

/// The published head, at its own width, on generated scenes, whose masks say where a map should
/// lie. Rates are the usual ones of each method; which factor on them is best is chosen. What is no
/// train is moved by Adam in all arms but those of gradient descent and conjugate gradients, where
/// it descends, too: beside them stands the same descent core by core.
Config tt_optimisers() {
  auto config = paper();
  config.title = "A tensor-train head under eight optimisers";
  config.seeds = judged_seeds();
  config.rates = {0.3, 1, 3};
  config.dropout = Config{}.dropout;
  config.recipes = {"adam = tt @ adam(lr=2e-3)",
                    "recanonical = tt @ recanonical_adam(lr=2e-3)",
                    "riemannian-adam = tt @ riemannian_adam(lr=2e-3)",
                    "riemannian-sgd = tt @ riemannian_sgd(lr=0.05,momentum=0.9)",
                    "riemannian-cg = tt @ riemannian_cg(lr=0.05,longest=0.05)",
                    "dmrg = tt @ dmrg(bond=16,lr=2e-3)",
                    "tsgo = tt @ tsgo(theta=2deg,lr=2e-3)",
                    "sgd = tt @ sgd(lr=0.05,momentum=0.9)"};
  config.arms = {
      "adam", "recanonical", "riemannian-adam", "riemannian-sgd", "riemannian-cg", "dmrg",
      "tsgo", "sgd"};
  return config;
}

/// A matrix product state has no convolution whose activations Grad-CAM could weigh, and no norm
/// behind it, without which turning cores, which leaves the scale of the logits as it is, is no
/// training.
Config mps_optimisers() {
  auto config = tt_optimisers();
  config.title = "A matrix product state under seven optimisers";
  config.data = "mnist:data";
  config.width = 16;
  // Riemannian steps are in units of the state's norm; one of its 196 bonds a step would hardly
  // move it.
  config.recipes = {"adam = mps-classifier @ adam(lr=2e-3)",
                    "recanonical = mps-classifier @ recanonical_adam(lr=2e-3)",
                    "riemannian-adam = mps-classifier @ riemannian_adam(lr=3e-4)",
                    "riemannian-sgd = mps-classifier @ riemannian_sgd(lr=1e-3,momentum=0.5)",
                    "riemannian-cg = mps-classifier @ riemannian_cg(lr=0.01,longest=0.01)",
                    "dmrg = mps-classifier @ dmrg(bond=16,bonds=10,lr=2e-3)",
                    "sgd = mps-classifier @ sgd(lr=1e-3,momentum=0.9)"};
  std::erase(config.arms, "tsgo");
  config.methods = {"saliency", "smoothgrad"};
  return config;
}

struct Preset {
  const char* name;
  Config (*make)();
};
constexpr Preset kPresets[] = {{"demo", demo},
                               {"paper", paper},
                               {"hackathon", hackathon},
                               {"tt-optimisers", tt_optimisers},
                               {"mps-optimisers", mps_optimisers},
                               {"cifar-dlrt", cifar_dlrt},
                               {"cifar100-dlrt", cifar100_dlrt},
                               {"tiny-imagenet-dlrt", tiny_imagenet_dlrt},
                               {"imagenet-dlrt", imagenet_dlrt}};

}  // namespace

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const auto& preset : kPresets) names.emplace_back(preset.name);
  return names;
}

Config preset(const std::string& name) {
  for (const auto& preset : kPresets)
    if (preset.name == name) return preset.make();
  base::fail("no preset is called '{}'{}", name, base::nearest_hint(name, preset_names()));
}

}  // namespace ranklens::study
