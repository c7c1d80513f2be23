#include "ranklens/nn/zoo/zoo.h"

#include <algorithm>

#include "ranklens/base/error.h"

namespace ranklens::nn::zoo {
namespace {

/// The options beside channels, size and classes that a network knows.
struct Known {
  bool width = false, dropout = false, head = false, hidden = false;
};

struct Item {
  Description description;
  Network (*make)(const Options&);
  Known known{};
};

const std::vector<Item>& items() {
  constexpr Known cnn{.width = true, .dropout = true};
  static const std::vector<Item> all{
      {{"cnn-dense",
        "the hackathon's CNN with its dense head (551,146 parameters on 32x32 grey images)"},
       cnn_dense,
       {.width = true, .dropout = true, .head = true}},
      {{"cnn-tt", "the same trunk with the hackathon's tensor-train head (498,282)"}, cnn_tt, cnn},
      {{"cnn-tt-matched", "the dense CNN with its head 2048->128 as a tensor train"},
       cnn_tt_matched,
       cnn},
      {{"cnn-low-rank", "the dense CNN with its head of low rank, as large as cnn-tt-matched's"},
       cnn_low_rank,
       cnn},
      {{"cnn-tt-trunk",
        "the dense CNN with its convolutions but the first as tensor trains of a quarter of their "
        "numbers"},
       cnn_tt_trunk,
       cnn},
      {{"lenet5", "LeNet5, 20 and 50 filters, 500 hidden units, 28x28 images"},
       lenet5,
       {.head = true}},
      {{"mlp", "a multi-layer perceptron on flattened images"},
       mlp,
       {.head = true, .hidden = true}},
      {{"mps-classifier",
        "a matrix product state over the 196 means of 2x2 pixels of 28x28 images"},
       mps_classifier,
       {.width = true}},
      {{"resnet18", "ResNet-18 with torchvision's names"}, resnet18},
      {{"resnet20", "ResNet-20 for 32x32 images, with two layers of 64 before its classes"},
       resnet20},
      {{"resnet50", "ResNet-50 with torchvision's names"}, resnet50},
      {{"alexnet-cifar", "AlexNet with batch norm for 32x32 images"}, alexnet_cifar},
      {{"vgg11", "VGG-11 with batch norm for 32x32 images"}, vgg11},
      {{"vgg13", "VGG-13 with batch norm for 32x32 images"}, vgg13},
      {{"vgg16", "VGG-16 with batch norm for 32x32 images"}, vgg16},
      {{"vgg19", "VGG-19 with batch norm for 32x32 images"}, vgg19},
      {{"efficientnet-lite0", "EfficientNet-Lite0, 224x224 images"}, efficientnet_lite0},
  };
  return all;
}

/// Nothing for an unknown name.
Known known_of(const std::string& name) {
  for (const auto& item : items())
    if (item.description.name == name) return item.known;
  return {};
}

/// What the network would ignore is a mistake of whoever asks for it.
void check_known(const Item& item, const Options& options) {
  const auto refuse = [&](bool given, bool known, const char* what) {
    base::require(known || !given, "the network '{}' has no {} to choose", item.description.name,
                  what);
  };
  refuse(options.width != 0, item.known.width, "width");
  refuse(options.dropout != 1, item.known.dropout, "dropout");
  refuse(!options.head.empty(), item.known.head, "format of its head");
  refuse(!options.hidden.empty(), item.known.hidden, "hidden layers");
}

}  // namespace

std::vector<Description> list() {
  std::vector<Description> descriptions;
  for (const auto& item : items()) descriptions.push_back(item.description);
  return descriptions;
}

bool has_width(const std::string& name) { return known_of(name).width; }
bool has_dropout(const std::string& name) { return known_of(name).dropout; }

bool contains(const std::string& name) {
  return std::any_of(items().begin(), items().end(),
                     [&](const Item& i) { return i.description.name == name; });
}

Network make(const std::string& name, const Options& options) {
  std::vector<std::string> names;
  for (const auto& item : items()) {
    if (item.description.name == name) {
      check_known(item, options);
      return item.make(options);
    }
    names.push_back(item.description.name);
  }
  base::fail("no built-in network is called '{}'{}", name, base::nearest_hint(name, names));
}

}  // namespace ranklens::nn::zoo
