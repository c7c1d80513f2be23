#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ranklens/data/dataset.h"
#include "ranklens/nn/network.h"

namespace ranklens::study {

struct Config;

/// One way of building the network that a study compares.
struct Arm {
  std::string name;
  std::string label;
  /// A network of nn/zoo.
  std::string network;
};

std::vector<Arm> arms();
/// An Error with the nearest names for an unknown one.
const Arm& arm(const std::string& name);

/// The arm's fresh network for images and classes like those of `data`. Arms of one seed share the
/// weights they have in common.
nn::Network build(const Arm& arm, const Config& config, const data::Dataset& data,
                  std::uint64_t seed);

}  // namespace ranklens::study
