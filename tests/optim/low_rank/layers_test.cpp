#include "ranklens/optim/low_rank/layers.h"

#include <gtest/gtest.h>

#include "ranklens/nn/weights/fixed_rank.h"
#include "ranklens/nn/weights/tucker.h"
#include "ranklens/optim/low_rank/methods.h"

#include "optim/low_rank/kernels.h"

namespace ranklens::optim {
namespace {

using testing::block;
using testing::distance;
using testing::noise;

nn::Weight tucker_weight(const nn::Shape& shape, std::int64_t p, std::int64_t q,
                         std::uint64_t seed) {
  auto sizes = shape;
  sizes[0] = p, sizes[1] = q;
  return nn::Weight(std::make_shared<nn::Tucker2>(
      shape, noise(shape[0], p, seed), block(sizes, seed), noise(shape[1], q, seed + 1)));
}

nn::State three_kinds() {
  nn::State state;
  state.set("kernel", {.weight = tucker_weight({7, 6, 3, 2}, 3, 2, 1)});
  state.set("pixel", {.weight = tucker_weight({7, 6, 1, 1}, 4, 2, 3)});
  state.set("map", {.weight = tucker_weight({7, 6}, 2, 5, 5)});
  state.set("plain", {.weight = nn::Weight(std::make_shared<nn::FixedRank>(
                          nn::Shape{7, 6}, noise(7, 3, 7), at::Tensor(), noise(6, 3, 8)))});
  state.set("wide", {.weight = nn::Weight(std::make_shared<nn::FixedRank>(
                         nn::Shape{7, 6}, noise(7, 9, 12), at::Tensor(), noise(6, 9, 13)))});
  state.set("frozen", {.weight = tucker_weight({7, 6, 3, 2}, 3, 2, 9), .trainable = false});
  return state;
}

TEST(Layers, KernelsAreThoseWithAWindow) {
  const auto state = three_kinds();
  const auto kernels = tucker_layers(state);
  ASSERT_EQ(kernels.size(), 1);
  EXPECT_EQ(kernels[0].name, "kernel");
  EXPECT_LT(orthogonality_error(kernels[0].point), 1e-13);
  EXPECT_LT(distance(kernels[0].point.dense(), state.at("kernel").weight->dense()), 1e-11);
  const auto back = weight_of(kernels[0], kernels[0].point);
  EXPECT_EQ(back->kind(), "tucker");
  EXPECT_LT(distance(back->dense(), state.at("kernel").weight->dense()), 1e-11);
}

TEST(Layers, TuckerWeightsWithoutAWindowAreMatrices) {
  const auto state = three_kinds();
  const auto matrices = low_rank_layers(state);
  ASSERT_EQ(matrices.size(), 4);
  for (const auto& layer : matrices) {
    const auto& weight = state.at(layer.name).weight;
    const auto dense = weight->dense().reshape({7, 6});
    EXPECT_LT(distance(layer.point.dense(), dense), 1e-11) << layer.name;
    EXPECT_LT(orthogonality_error(layer.point), 1e-13);
    EXPECT_EQ(layer.point.s.size(0), layer.point.s.size(1));
    const auto back = weight_of(layer, layer.point);
    EXPECT_EQ(back->kind(), weight->kind());
    EXPECT_EQ(back->shape(), weight->shape());
    EXPECT_LT(distance(back->dense(), weight->dense()), 1e-11);
  }
  EXPECT_EQ(matrices[0].point.rank(), 2);
  EXPECT_EQ(matrices[3].name, "wide");
  EXPECT_EQ(matrices[3].point.rank(), 6);
}

TEST(Layers, WhatMethodsMove) {
  const auto state = three_kinds();
  for (const char* name : {"bug", "augmented_bug", "parallel_bug", "fixed_bug", "core"}) {
    for (const auto& weight : state.names()) {
      EXPECT_TRUE(moves_whole(name, state.at(weight).weight)) << name << ' ' << weight;
    }
  }
  for (const char* name : {"psi", "abc_psi"}) {
    EXPECT_FALSE(moves_whole(name, state.at("kernel").weight));
    EXPECT_TRUE(moves_whole(name, state.at("pixel").weight));
    EXPECT_TRUE(moves_whole(name, state.at("plain").weight));
  }
  EXPECT_FALSE(moves_whole("adam", state.at("kernel").weight));
  EXPECT_FALSE(moves_whole("bug", nn::Weight(noise(3, 3, 11))));
}

}  // namespace
}  // namespace ranklens::optim
