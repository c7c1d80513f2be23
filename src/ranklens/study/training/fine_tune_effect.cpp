// "Fine-tune effect" of the authors' PyTorch code (Schotthöfer et al. 2022): CIFAR-10, all layers
// but the first of ResNet-20 and the last of each in factors, tolerance 0.1, 20 epochs, then the
// cores and nothing else. SGD of 0.05 with momentum 0.1, batches of 16, crops and flips; ranks
// begin at half of what a weight can have, and stay within 2 and that. Beside, as many epochs more
// of what came before: any training may gain by going on.
#include <algorithm>
#include <iterator>
#include <memory>

#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/data/open.h"
#include "ranklens/nn/weights/fixed_rank.h"
#include "ranklens/nn/zoo/zoo.h"
#include "ranklens/study/training/reproductions.h"

namespace ranklens::study::reproductions {
namespace {

/// Layers by a pattern, and half of the smaller side of their weights.
struct HalfRank {
  const char* pattern;
  std::int64_t rank;
};

struct PrintedJump {
  double mean, deviation;
};

/// Accuracies in percent over 5 runs, their deviations (with n - 1), and the share of the weights
/// that the ranks of one of these runs save: what is printed counts another thing, the ranks times
/// outputs.
struct TunedNetwork {
  const char* arm;
  const char* network;
  std::vector<HalfRank> ranks;
  PrintedJump before, after;
  double saved;
  bool asked;  ///< not the large ones, which take days without a GPU
};

const std::vector<TunedNetwork>& tuned_networks() {
  static const std::vector<TunedNetwork> all{
      {"lenet5",
       "lenet5",
       {{"conv1", 10}, {"conv2", 25}, {"head", 250}},
       {44.0, 5.2},
       {58.7, 1.8},
       .827,
       true},
      {"resnet20",
       "resnet20",
       {{"layer1.*", 8}, {"layer2.*", 16}, {"layer3.*", 32}, {"fc*", 32}},
       {45.8, 7.6},
       {64.2, .6},
       .507,
       true},
      {"vgg16",
       "vgg16",
       {{"conv1", 13},
        {"conv2", 32},
        {"conv3", 64},
        {"conv4", 64},
        {"conv5", 128},
        {"conv6", 128},
        {"conv7", 128},
        {"conv*", 256},
        {"fc1", 256},
        {"fc2", 2048}},
       {39.5, 6.3},
       {67.7, 1.4},
       .911,
       false},
      {"alexnet",
       "alexnet-cifar",
       {{"conv1", 13}, {"conv2", 96}, {"conv3", 192}, {"conv*", 128}, {"fc1", 512}, {"fc2", 2048}},
       {42.9, 3.6},
       {58.6, 1.5},
       .939,
       false}};
  return all;
}

/// "conv1: low_rank(r=10); ..."
std::string layers_text(const TunedNetwork& one) {
  std::string text;
  for (const auto& [pattern, rank] : one.ranks) {
    text += fmt::format("{}{}: low_rank(r={})", text.empty() ? "" : "; ", pattern, rank);
  }
  return text;
}

/// "conv1:0.1:10;...": tolerance and cap of each.
std::string caps_text(const TunedNetwork& one) {
  std::string text;
  for (const auto& [pattern, rank] : one.ranks) {
    text += fmt::format("{}{}:0.1:{}", text.empty() ? "" : ";", pattern, rank);
  }
  return text;
}

/// Colour images, test part told of; a few generated ones for a smoke.
TrialData colour_images(const Options& options) {
  const bool smoke = options.extent == Extent::smoke;
  base::require(smoke || !options.data.empty(),
                "the experiment's images are needed: --data cifar10:DIR");
  const auto source = options.data.empty() ? "scenes:train=160,test=80" : options.data;
  const std::int64_t limit = options.extent == Extent::full ? 0 : smoke ? 160 : 4000;
  auto training = data::open(source, {.split = data::Split::train, .limit = limit});
  return {.training = std::move(training),
          .validation = {},
          .test = data::open(source, {.split = data::Split::test, .limit = limit / 2})};
}

/// The cores of the network can learn, and nothing else.
nn::Network with_cores_alone(const nn::Network& network) {
  nn::Network made = network;
  for (const auto& name : network.state.names()) {
    auto entry = network.state.at(name);
    const bool low_rank = dynamic_cast<const nn::FixedRank*>(entry.weight.operator->()) != nullptr;
    entry.trainable = entry.trainable && low_rank;
    made.state.set(name, std::move(entry));
  }
  return made;
}

std::vector<Phase> tuned_phases(const Options& options, const TunedNetwork& one) {
  Phase adaptive{
      .name = "adaptive",
      .fit = {
          .epochs = epochs_of(options, 20, 2), .batch = 16, .augment = {.crop = 4, .flip = true}}};
  Phase on = adaptive;
  on.name = "ranks found on";
  Phase tuned = adaptive;
  tuned.name = "cores alone";
  tuned.from = adaptive.name;
  tuned.before = with_cores_alone;
  adaptive.fit.optimiser = fmt::format(
      "bug(lr=0.05,tau=0.1,s=1,floor=2,layers={},rule=sgd,momentum=0.1)", caps_text(one));
  on.fit.optimiser = adaptive.fit.optimiser;
  tuned.fit.optimiser = "core(lr=0.05,rule=sgd,momentum=0.1)";
  return {adaptive, on, tuned};
}

Published published_jump(const TunedNetwork& one) {
  const PublishedAccuracy before{one.before.mean / 100, one.before.deviation / 100};
  const PublishedAccuracy after{one.after.mean / 100, one.after.deviation / 100};
  return {.arm = one.arm,
          .accuracy = after.mean,
          .saved = one.saved,
          .deviation = after.deviation,
          .runs = 5,
          .phases = {{"adaptive", before}, {"cores alone", after}}};
}

}  // namespace

Reproduction fine_tune_effect(const Options& options) {
  const auto images = std::make_shared<const TrialData>(colour_images(options));
  Reproduction made{
      .trials = {.name = "fine-tune-effect",
                 .settings = {{"data", images->training.hash}, {"test data", images->test.hash}},
                 .data = [images](std::uint64_t) { return *images; }},
      .seeds = 3};
  made.trials.images =
      fmt::format("{} to learn from, {} to tell of, the data's own parts for every seed",
                  images->training.size(), images->test.size());
  for (const auto seed : seeds_of(options, made.seeds)) {
    for (const auto& one : tuned_networks()) {
      made.trials.trials.push_back(
          {.arm = one.arm,
           .seed = seed,
           .network =
               [name = one.network, layers = layers_text(one), seed] {
                 return nn::zoo::make(name,
                                      {.channels = 3, .size = 32, .layers = layers, .seed = seed});
               },
           .phases = tuned_phases(options, one),
           .follow_test = true,
           .asked = one.asked &&
                    (options.extent == Extent::full || one.arm == tuned_networks()[0].arm)});
    }
  }
  for (const auto& one : tuned_networks()) made.published.push_back(published_jump(one));
  return made;
}

}  // namespace ranklens::study::reproductions
