#include "ranklens/study/dlrt_presets.h"

#include <initializer_list>
#include <string>

#include <fmt/format.h>

namespace ranklens::study {
namespace {

/// How a network is trained: densely, and by the integrator, but for its tolerance.
struct Course {
  std::string network, rate;
  std::string sgd;     ///< further options of gradient descent, which both have
  std::string layers;  ///< what is of low rank, and from which rank
};

/// "PREFIXfull" and a "PREFIXtau-T" a tolerance.
void add_arms(Config& config, const std::string& prefix, const Course& course,
              std::initializer_list<const char*> tolerances) {
  config.recipes.push_back(fmt::format("{}full = {}", prefix, course.network));
  for (const char* tau : tolerances) {
    config.recipes.push_back(
        fmt::format("{}tau-{} = {} @ bug(lr={},s=1,rule=sgd,{},tau={}) with {}", prefix, tau,
                    course.network, course.rate, course.sgd, tau, course.layers));
  }
}

/// All recipes so far take part.
void train_all(Config& config) {
  config.arms.clear();
  for (const auto& recipe : config.recipes)
    config.arms.push_back(recipe.substr(0, recipe.find(' ')));
}

Config on_images(const char* title, const char* data, std::int64_t epochs, std::int64_t batch) {
  Config config;
  config.title = title;
  config.data = data;
  config.seeds = judged_seeds();
  config.epochs = config.full_epochs = epochs;
  config.batch = batch;
  config.crop = 4;
  config.flip = true;
  config.schedule = "cosine";
  config.methods = {"gradcam", "smoothgrad"};
  return config;
}

/// Results that came with the authors' code (Schotthöfer, Zangrando, Kusch, Ceruti, Tudisco 2022);
/// shares of weights by its own count.
std::vector<PublishedResult> published_on_cifar10() {
  return {{"resnet20", "all layers, tau 0.1, 20 epochs, before cores were tuned", 0.458, 0},
          {"resnet20", "the same, cores tuned for 20 epochs", 0.642, 0.929},
          {"vgg16", "two large layers, tau 0.1, cores tuned", 0.921, 0.560},
          {"vgg16", "all layers, tau 0.1, 20 epochs and 20 of the cores", 0.677, 0.976},
          {"alexnet-cifar", "two large layers, tau 0.1, cores tuned", 0.8405, 0.863},
          {"alexnet-cifar", "all layers, tau 0.1, 20 epochs and 20 of the cores", 0.586, 0.971}};
}

}  // namespace

std::vector<std::uint64_t> judged_seeds() { return {1, 2, 3, 4, 5}; }

Config cifar_dlrt() {
  auto config = on_images("All layers of low rank, by tolerance", "cifar10:data", 30, 128);
  config.optimiser = "sgd(lr=0.05,momentum=0.9,weight_decay=5e-4)";
  const auto add = [&](const std::string& prefix, const std::string& network) {
    add_arms(config, prefix,
             {network, "0.05", "momentum=0.9,weight_decay=5e-4", "*: low_rank(ratio=0.5)"},
             {"0.04", "0.08", "0.12", "0.16", "0.2"});
  };
  add("", "resnet20");
  train_all(config);  // the two larger networks wait for --arms
  add("vgg16-", "vgg16");
  add("alexnet-", "alexnet-cifar");
  config.needed_seeds = 3;  // each takes hours
  config.published = published_on_cifar10();
  return config;
}

Config cifar100_dlrt() {
  auto config = on_images("AlexNet with its large layers of low rank", "cifar100:data", 100, 16);
  config.optimiser = "sgd(lr=0.05,momentum=0.1)";
  add_arms(config, "", {"alexnet-cifar", "0.05", "momentum=0.1", "fc*: low_rank(ratio=0.5)"},
           {"0.08"});
  train_all(config);
  config.published = {{"alexnet-cifar", "dense", 0.5620, 0},
                      {"alexnet-cifar", "two large layers, tau 0.08", 0.5106, 0.851}};
  return config;
}

Config tiny_imagenet_dlrt() {
  auto config = on_images("ResNet-18 with all layers of low rank", "images:data", 100, 16);
  config.size = 64;
  config.optimiser = "sgd(lr=0.05,momentum=0.1)";
  add_arms(config, "", {"resnet18", "0.05", "momentum=0.1", "*: low_rank(ratio=0.5)"}, {"0.08"});
  train_all(config);
  return config;
}

Config imagenet_dlrt() {
  auto config = on_images("ResNet-50 with all layers of low rank", "images:data", 90, 256);
  config.size = 224;
  config.crop = 32;
  config.optimiser = "sgd(lr=0.4,momentum=0.9,weight_decay=2e-5,nesterov)";
  add_arms(config, "",
           {"resnet50", "0.4", "momentum=0.9,weight_decay=2e-5", "*: low_rank(ratio=0.4)"},
           {"0.1"});
  train_all(config);
  return config;
}

}  // namespace ranklens::study
