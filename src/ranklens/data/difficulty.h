#pragma once

#include <ATen/core/Tensor.h>

#include "ranklens/data/dataset.h"

namespace ranklens::data {

/// What models that know nothing of shapes reach: shares of the test images named rightly.
struct Difficulty {
  double chance = 0;               ///< the share of the most frequent class
  double pixel_ridge = 0;          ///< ridge regression from all pixels to the classes
  double histogram_ridge = 0;      ///< the same from the histogram of colours
  double pixel_neighbour = 0;      ///< the label of the nearest training image
  double histogram_neighbour = 0;  ///< the same by histogram
};

/// Of the first `most_train` and `most_test` images. The penalty of the ridge is the best of
/// several on the test images, which favours the model. Histograms have 4 × 4 × 4 boxes of colour,
/// 64 of grey.
Difficulty difficulty(const Dataset& train, const Dataset& test, std::int64_t most_train = 8000,
                      std::int64_t most_test = 2000);

/// Accuracy of ridge regression from features [N, F] to one-hot labels (int64 [N]), with intercept.
double ridge_accuracy(const at::Tensor& train, const at::Tensor& train_labels,
                      const at::Tensor& test, const at::Tensor& test_labels);

/// Accuracy of the label of the nearest training row (Euclidean).
double neighbour_accuracy(const at::Tensor& train, const at::Tensor& train_labels,
                          const at::Tensor& test, const at::Tensor& test_labels);

/// Shares of the 64 boxes of colour in each image: float32 [N, 64].
at::Tensor colour_histograms(const Dataset& data);

}  // namespace ranklens::data
