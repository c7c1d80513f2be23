#pragma once

#include <cstdint>
#include <vector>

#include "ranklens/study/config.h"

/// Studies of networks whose ranks a tolerance finds in training (Schotthöfer, Zangrando, Kusch,
/// Ceruti, Tudisco 2022), with the rates, tolerances, crops and flips of the authors' code. Ours
/// are a rate that falls to zero and ranks that begin at a share of the numbers and have no cap; in
/// cifar_dlrt() batches, epochs, momentum and decay, too. Arms are called "full", of dense weights,
/// and "tau-0.08".
namespace ranklens::study {

/// Of comparisons with a recipe an arm: as many seeds as a verdict needs.
std::vector<std::uint64_t> judged_seeds();

/// ResNet-20, and by --arms VGG16 and AlexNet, with all layers of low rank, at the tolerances of
/// the maps shown with the code.
Config cifar_dlrt();
/// AlexNet with its two large layers of low rank.
Config cifar100_dlrt();
/// ResNet-18 with all layers of low rank on images of 64 pixels (published: scaled to 224).
Config tiny_imagenet_dlrt();
/// ResNet-50 with all layers of low rank, in the setting of a later port of the code but for its
/// label smoothing of 0.1; Nesterov momentum is the dense network's alone. All images are held in
/// memory: 193 GB at 224 pixels.
Config imagenet_dlrt();

}  // namespace ranklens::study
