#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ranklens/data/dataset.h"
#include "ranklens/data/scenes.h"

namespace ranklens::data {

/// What open() takes, for help texts.
inline constexpr const char* kSources =
    "scenes (generated), cifar10:DIR, cifar100:DIR, mnist:DIR, images:DIR or npy:DIR";

struct OpenOptions {
  Split split = Split::train;
  bool grey = false;                   ///< one channel
  std::int64_t limit = 0;              ///< at most so many images; 0: all
  std::uint64_t seed = 0;              ///< of generated data
  std::int64_t size = 0;               ///< pixels a side; 0: as the source has them
  std::optional<Shortcut> shortcut{};  ///< for generated data; for others an Error
};

/// Opens data by one line:
///   cifar10:DIR      the binary files of CIFAR-10
///   cifar100:DIR     those of CIFAR-100, by its hundred classes
///   mnist:DIR        idx files, gzip-compressed or not, under MNIST's names
///   images:DIR       a folder of PNG or JPEG files for each class
///   npy:DIR          images.npy, labels.npy, masks.npy
///   scenes           generated: 8,000 images to train and 2,000 to test
///   scenes:train=4000,test=1000,size=48,shortcut=boat,p=0.9,elsewhere=0
///   scenes:DIR       what `ranklens data make scenes --out DIR` has written
/// Sources without parts of their own (npy, images without train/test folders) give every fifth
/// item of each class to `test`. The result is checked and has its name and hash.
Dataset open(std::string_view spec, const OpenOptions& options = {});

/// How many images the folder holds in all its parts, of the kinds npy (scenes:DIR too) and images;
/// nothing of others. Pixels are not read.
std::optional<std::int64_t> count_of_all(std::string_view spec);

/// The spec without the folder it names, which is another one on every machine: "cifar10" of
/// "cifar10:DIR"; generated data keep all of it. What the folder holds is told by Dataset::hash.
std::string without_place(std::string_view spec);

}  // namespace ranklens::data
