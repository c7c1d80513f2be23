#include "ranklens/data/difficulty.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "ranklens/base/random.h"

namespace ranklens::data {
namespace {

// Three classes along three axes, with noise: all models find them.
struct Axes {
  at::Tensor features, labels;
};

Axes axes(std::int64_t n, std::int64_t width, double noise, std::uint64_t seed) {
  base::Stream random(seed, "noise");
  const at::Tensor labels = at::arange(n, at::kLong).remainder(3);
  at::Tensor features = random.normal({n, width}, 0, noise);
  features.scatter_add_(1, labels.unsqueeze(1), at::full({n, 1}, 1.0f));
  return {features, labels};
}

TEST(Difficulty, RidgeSeparatesWhatIsLinearInBothForms) {
  for (const std::int64_t width : {4, 200}) {  // fewer and more features than items
    const Axes a = axes(60, width, 0.02, 1), b = axes(30, width, 0.02, 2);
    EXPECT_EQ(ridge_accuracy(a.features, a.labels, b.features, b.labels), 1);
    EXPECT_EQ(neighbour_accuracy(a.features, a.labels, b.features, b.labels), 1);
  }
}

TEST(Difficulty, NothingToSeeGivesTheMostFrequentClass) {
  const at::Tensor labels = at::tensor({0, 1, 1, 1, 2}, at::kLong);
  const at::Tensor same = at::full({5, 3}, 0.5f);
  EXPECT_NEAR(ridge_accuracy(same, labels, same, labels), 0.6, 1e-12);
}

// What a line cannot separate, the nearest neighbour can: the inner and the outer of two shells.
TEST(Difficulty, NeighbourFollowsDistance) {
  const at::Tensor train = at::tensor({-2.f, -1.f, 1.f, 2.f}).unsqueeze(1);
  const at::Tensor labels = at::tensor({1, 0, 0, 1}, at::kLong);
  const at::Tensor test = at::tensor({-9.f, -1.4f, 0.2f, 1.6f}).unsqueeze(1);
  EXPECT_EQ(neighbour_accuracy(train, labels, test, at::tensor({1, 0, 0, 1}, at::kLong)), 1);
}

TEST(Difficulty, HistogramsCountBoxesOfColour) {
  Dataset data;
  data.images = at::zeros({1, 3, 1, 4}, at::kByte);
  data.images[0][0][0][1] = 64;   // box (1, 0, 0)
  data.images[0][1][0][2] = 255;  // box (0, 3, 0)
  data.images[0][2][0][3] = 127;  // box (0, 0, 1)
  const at::Tensor shares = colour_histograms(data);
  for (const int box : {0, 16, 12, 1}) EXPECT_EQ(shares[0][box].item<float>(), 0.25f) << box;
  EXPECT_EQ(shares.sum().item<float>(), 1);
  data.images = data.images.narrow(1, 0, 1);
  EXPECT_EQ(colour_histograms(data)[0][16].item<float>(), 0.25f);
}

}  // namespace
}  // namespace ranklens::data
