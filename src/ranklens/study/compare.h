#pragma once

#include <map>
#include <string>
#include <vector>

#include "ranklens/base/progress.h"
#include "ranklens/data/dataset.h"
#include "ranklens/nn/network.h"
#include "ranklens/study/statistics.h"
#include "ranklens/train/compute.h"

/// Two networks on the same images: what the second lost, saved, and where it looks instead. One
/// pair of networks is no experiment: the unit here is the image, and intervals say how far the
/// figures would move with other images, not with another training.
namespace ranklens::study {

struct CompareOptions {
  std::vector<std::string> methods{"gradcam", "smoothgrad"};
  std::int64_t explained = 64;  ///< images whose maps are made: the first of the data
  std::int64_t batch = 256;
  double seconds = 5;  ///< of measuring speed
  std::uint64_t seed = 1;
  train::Execution execution{};
  base::Progress progress{};
};

struct ComparedNetwork {
  double accuracy = 0, loss = 0;
  std::int64_t parameters = 0;
  std::int64_t flops = 0;  ///< of one image
  double images_per_second = 0;
};

/// One method's maps of both networks, [n, H, W], and how they agree, image by image.
struct ComparedMaps {
  std::string method{};
  at::Tensor first{}, second{};
  std::map<std::string, std::vector<double>> per_image{};  ///< by metric
  std::map<std::string, Summary> agreement{};              ///< over the images
};

struct Comparison {
  ComparedNetwork first{}, second{};
  /// Second less first, as a share: over all images, each 1, 0 or -1.
  Summary accuracy_difference{};
  /// Images that only the first network, and only the second, names right. Of few images they say
  /// more than the interval, which takes them for many.
  std::int64_t lost = 0, gained = 0;
  /// Share of the images that both take for the same class.
  double same_answers = 0;
  std::vector<ComparedMaps> maps{};
  /// Places among the explained images, those whose maps moved most first: by the mean over the
  /// methods of their rank correlation.
  std::vector<std::int64_t> moved{};
  at::Tensor targets{};  ///< [n] int64: the first network's answers, which both are asked about
  at::Tensor first_probabilities{}, second_probabilities{};  ///< [n, classes]
};

/// Error unless both networks take the data and have its classes.
Comparison compare(const nn::Network& first, const nn::Network& second, const data::Dataset& data,
                   const CompareOptions& options = {});

}  // namespace ranklens::study
