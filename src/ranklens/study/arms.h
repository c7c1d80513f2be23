#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ranklens/data/dataset.h"
#include "ranklens/nn/network.h"

namespace ranklens::study {

struct Config;

/// One way of building and training the network that a study compares.
struct Arm {
  std::string name;
  std::string label;
  /// A network of nn/zoo.
  std::string network;
  std::string layers = {};     ///< nn::zoo::Options::layers
  std::string optimiser = {};  ///< in place of the study's; empty: that
  bool recipe = false;         ///< written down by read_recipe(), not one that every study knows
};

/// Those that every study knows.
std::vector<Arm> arms();

/// An arm of the study's own: "NAME = NETWORK [@ OPTIMISER] [with LAYERS]", such as
/// "tau-0.1 = resnet20 @ bug(tau=0.1) with layer*: low_rank(ratio=0.5)". NETWORK is an arm of
/// arms() or a network of nn/zoo. An Error says what is wrong with it.
Arm read_recipe(std::string_view text);
/// What it trains, without spaces that say nothing: what a finished cell of it depends on.
std::string recipe_text(const Arm& arm);

/// The arm of that name: of the study's recipes, or one that every study knows. An Error with the
/// nearest names for an unknown one.
Arm arm(const Config& config, const std::string& name);
/// The spec of what trains the arm: its own optimiser, or the study's.
std::string optimiser_of(const Config& config, const std::string& name);
/// What people read: the label of an arm that every study knows, a recipe's own name.
std::string arm_label(const std::string& name);

/// The arm's fresh network for images and classes like those of `data`. Arms of one seed share the
/// weights they have in common.
nn::Network build(const Arm& arm, const Config& config, const data::Dataset& data,
                  std::uint64_t seed);

}  // namespace ranklens::study
