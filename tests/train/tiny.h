#pragma once

#include <array>
#include <string>

#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "ranklens/base/interrupt.h"
#include "ranklens/base/random.h"
#include "ranklens/data/dataset.h"
#include "ranklens/nn/builder.h"
#include "ranklens/train/fit.h"

namespace ranklens::train {

/// Images [n, 1, 8, 8] of noise, brighter on the left in class 0, on the right in class 1, in the
/// middle in class 2.
inline data::Dataset tiny_data(std::int64_t n, std::uint64_t seed, double brightness = 0.5) {
  base::Stream stream(seed, "data");
  data::Dataset data;
  data.images = stream.uniform({n, 1, 8, 8}, 0, 0.5);
  data.labels = stream.integers({n}, 3);
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t first =
        std::array{0, 5, 3}.at(static_cast<std::size_t>(data.labels[i].item<std::int64_t>()));
    data.images[i].narrow(2, first, 3).add_(brightness);
  }
  data.classes = {"left", "right", "middle"};
  data.name = "tiny";
  data.hash = data::content_hash(data);
  return data;
}

/// Convolution, ReLU, batch norm, pooling, dropout, linear: something of every kind that trains.
inline nn::Network tiny_network(std::uint64_t seed = 1) {
  nn::GraphBuilder g;
  auto x = g.input("image", {1, 8, 8});
  x = g.conv2d("conv", x, {.out = 4, .kernel = 3, .padding = 1});
  x = g.relu("relu", x);
  x = g.batch_norm("norm", x);
  x = g.max_pool2d("pool", x);
  x = g.flatten("flat", x);
  x = g.dropout("drop", x, 0.25);
  g.linear("head", x, {.out = 3, .weight = "low_rank(r=2)"});
  return g.build(seed);
}

/// One linear map without a bias: everything about it has a closed form.
inline nn::Network linear_network(std::uint64_t seed = 1) {
  nn::GraphBuilder g;
  auto x = g.input("image", {1, 8, 8});
  x = g.flatten("flat", x);
  g.linear("head", x, {.out = 3, .bias = false});
  return g.build(seed);
}

/// Two layers in factors, of rank 6 where nothing else is asked for, and a dense one.
inline nn::Network low_rank_network(const std::string& weight = "low_rank(r=6)") {
  nn::GraphBuilder g("fc*: " + weight);
  auto x = g.flatten("flat", g.input("image", {1, 8, 8}));
  x = g.relu("relu1", g.linear("fc1", x, {.out = 24}));
  x = g.relu("relu2", g.linear("fc2", x, {.out = 24}));
  g.linear("head", x, {.out = 3});
  return g.build(1);
}

/// A training in options.folder that is interrupted after each so many steps and taken up again.
inline FitResult fit_with_stops(const nn::Network& network, const data::Dataset& training,
                                const data::Dataset& validation, FitOptions options, int every,
                                int& stops) {
  int steps = 0;
  options.progress = [&](const base::ProgressUpdate&) {
    if (++steps % every == 0) base::request_interrupt();
  };
  for (stops = 0;; ++stops) {
    base::clear_interrupt();
    auto result = fit(network, training, validation, options);
    base::clear_interrupt();
    if (result.ending != FitResult::Ending::interrupted || stops == 20) return result;
  }
}

inline ::testing::AssertionResult same_state(const nn::State& a, const nn::State& b) {
  const auto first = a.tensors(), second = b.tensors();
  if (first.size() != second.size()) return ::testing::AssertionFailure() << "other tensors";
  for (std::size_t k = 0; k < first.size(); ++k) {
    if (first[k].name != second[k].name || !first[k].tensor.equal(second[k].tensor)) {
      return ::testing::AssertionFailure() << first[k].name << " differs";
    }
  }
  return ::testing::AssertionSuccess();
}

}  // namespace ranklens::train
