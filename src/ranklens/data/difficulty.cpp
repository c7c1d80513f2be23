#include "ranklens/data/difficulty.h"

#include <algorithm>

#include <ATen/ops/bincount.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_solve.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include "ranklens/base/error.h"
#include "ranklens/data/npy_set.h"

namespace ranklens::data {
namespace {

double share(const at::Tensor& predicted, const at::Tensor& labels) {
  return predicted.eq(labels).to(at::kDouble).mean().item<double>();
}

at::Tensor one_hot(const at::Tensor& labels) {
  const std::int64_t classes = labels.max().item<std::int64_t>() + 1;
  return at::zeros({labels.size(0), classes}).scatter_(1, labels.unsqueeze(1), 1.0);
}

at::Tensor pixels(const Dataset& data) { return to_float(data.images).flatten(1); }

}  // namespace

double ridge_accuracy(const at::Tensor& train, const at::Tensor& train_labels,
                      const at::Tensor& test, const at::Tensor& test_labels) {
  const at::Tensor mean = train.mean(0, true);
  const at::Tensor a = train.sub(mean), b = test.sub(mean);
  at::Tensor wanted = one_hot(train_labels);
  wanted = wanted.sub(wanted.mean(0, true));
  // The smaller of the two equal forms: (AᵀA + λ)⁻¹ Aᵀ Y and Aᵀ (A Aᵀ + λ)⁻¹ Y.
  const bool primal = a.size(1) <= a.size(0);
  const at::Tensor gram = primal ? a.t().mm(a) : a.mm(a.t());
  const at::Tensor right = primal ? a.t().mm(wanted) : wanted;
  const at::Tensor across = primal ? b : b.mm(a.t());
  const double scale = gram.diagonal().mean().item<double>() + 1e-12;
  double best = 0;
  for (const double penalty : {0.01, 0.1, 1.0, 10.0}) {
    const at::Tensor ridge = at::eye(gram.size(0), gram.options()).mul(penalty * scale);
    const at::Tensor scores = across.mm(at::linalg_solve(gram.add(ridge), right));
    // The mean of the one-hot labels is the intercept.
    const at::Tensor guess = scores.add(one_hot(train_labels).mean(0, true)).argmax(1);
    best = std::max(best, share(guess, test_labels));
  }
  return best;
}

double neighbour_accuracy(const at::Tensor& train, const at::Tensor& train_labels,
                          const at::Tensor& test, const at::Tensor& test_labels) {
  constexpr std::int64_t chunk = 500;
  const at::Tensor squares = train.square().sum(1).unsqueeze(0);
  std::vector<at::Tensor> guesses;
  for (std::int64_t i = 0; i < test.size(0); i += chunk) {
    const at::Tensor some = test.narrow(0, i, std::min(chunk, test.size(0) - i));
    const at::Tensor nearest = squares.sub(some.mm(train.t()), 2).argmin(1);
    guesses.push_back(train_labels.index_select(0, nearest));
  }
  return share(at::cat(guesses), test_labels);
}

at::Tensor colour_histograms(const Dataset& data) {
  const at::Tensor bytes = to_float(data.images).mul(255).round().to(at::kLong).flatten(2);
  base::require(data.channels() == 1 || data.channels() == 3,
                "colours are counted of images of 1 or 3 channels, not {}", data.channels());
  const auto level = [&](std::int64_t channel, std::int64_t shift) {
    return bytes.select(1, channel).bitwise_right_shift(shift);
  };
  const at::Tensor box = data.channels() == 1
                             ? level(0, 2)
                             : level(0, 6).mul(16).add(level(1, 6).mul(4)).add(level(2, 6));
  at::Tensor counts = at::zeros({data.size(), 64});
  counts.scatter_add_(1, box, at::ones(box.sizes()));
  return counts.div(static_cast<double>(data.height() * data.width()));
}

Difficulty difficulty(const Dataset& train, const Dataset& test, std::int64_t most_train,
                      std::int64_t most_test) {
  const Dataset a = first(train, most_train), b = first(test, most_test);
  Difficulty found;
  found.chance = at::bincount(b.labels).max().item<double>() / static_cast<double>(b.size());
  found.pixel_ridge = ridge_accuracy(pixels(a), a.labels, pixels(b), b.labels);
  found.pixel_neighbour = neighbour_accuracy(pixels(a), a.labels, pixels(b), b.labels);
  const at::Tensor boxes = colour_histograms(a), test_boxes = colour_histograms(b);
  found.histogram_ridge = ridge_accuracy(boxes, a.labels, test_boxes, b.labels);
  found.histogram_neighbour = neighbour_accuracy(boxes, a.labels, test_boxes, b.labels);
  return found;
}

}  // namespace ranklens::data
