// Trains of the length of an image, on data that are black for the most part.
#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <gtest/gtest.h>

#include "ranklens/base/random.h"
#include "ranklens/optim/dmrg/classifier.h"
#include "ranklens/tn/linear/mps_classifier.h"

namespace ranklens::optim {
namespace {

/// Grey values [samples, sites], about 80 % of them 0, and their classes: of each class a third of
/// the sites may be lit, most of them in any one sample, at a brightness of its own.
struct Strokes {
  at::Tensor grey, labels;
};

Strokes strokes(std::int64_t samples, std::int64_t sites, std::int64_t classes) {
  base::Stream stream(3, "noise", "strokes");
  const auto uniform = [&](at::IntArrayRef sizes) { return stream.uniform(sizes, 0, 1); };
  const auto places = uniform({classes, sites}) < 0.32;
  const auto labels = stream.integers({samples}, classes);
  const auto lit = places.index_select(0, labels) & (uniform({samples, sites}) < 0.6);
  const auto grey =
      at::where(lit, 0.2 + 0.8 * uniform({samples, sites}), 0 * uniform({samples, sites}));
  return {grey, labels};
}

at::Tensor cosines(const at::Tensor& grey) {
  const auto angle = grey * (M_PI / 2);
  return at::stack({at::cos(angle), at::sin(angle)}, -1);
}

at::Tensor lines(const at::Tensor& grey) { return at::stack({1 - grey, grey}, -1); }

double share_right(const LabelledState& state, const at::Tensor& features,
                   const at::Tensor& labels) {
  return values(state, features).argmax(1).eq(labels).to(at::kDouble).mean().item<double>();
}

void expect_to_learn(const at::Tensor& features, const at::Tensor& labels) {
  DmrgClassifier trainer(features, labels, 10, 1, {.bond = 10});
  std::vector<DmrgClassifier::Bond> bonds = trainer.sweep();
  ASSERT_EQ(bonds.size(), 390U);
  const auto moved = std::count_if(bonds.begin(), bonds.end(),
                                   [](const auto& bond) { return bond.solved < bond.before; });
  EXPECT_GE(moved, 388);
  for (const auto& bond : bonds) {
    ASSERT_TRUE(std::isfinite(bond.solved));
    EXPECT_LE(bond.solved, bond.before * (1 + 1e-4) + 1e-7);
  }
  // A constant that is best for all classes leaves 0.45, a tenth of the samples are of each.
  EXPECT_LT(trainer.loss(), 0.15);
  EXPECT_GT(share_right(trainer.state(), features, labels), 0.95);
}

// In float32 every product of 196 numbers below one, or its square, is nothing: a start or a
// stopping rule that sees them so moves no bond at all.
TEST(LongTrain, TheFirstSweepOverBlackImagesLearnsByCosines) {
  const auto data = strokes(500, 196, 10);
  EXPECT_NEAR((data.grey == 0).to(at::kFloat).mean().item<double>(), 0.8, 0.03);
  expect_to_learn(cosines(data.grey), data.labels);
}

TEST(LongTrain, TheFirstSweepOverBlackImagesLearnsByLines) {
  const auto data = strokes(500, 196, 10);
  expect_to_learn(lines(data.grey), data.labels);
}

TEST(LongTrain, TheOperatorGivesTheSameValues) {
  const auto data = strokes(60, 196, 3);
  const auto features = lines(data.grey);
  DmrgClassifier trainer(features, data.labels, 3, 1, {.bond = 4});
  trainer.sweep();
  EXPECT_GT(trainer.state().log_scale, 30);  // what no core has
  const auto cores = classifier_cores(trainer.state());
  const auto found = tn::unscaled(tn::mps_classifier(features, cores.cores, cores.label));
  EXPECT_LT((found - values(trainer.state(), features)).abs().max().item<double>(), 1e-3);
}

// Features times a power of two are the same problem: 2^-196 * 40 is far below what float64 holds.
TEST(LongTrain, DoesNotSeeTheScaleOfFeatures) {
  const auto data = strokes(120, 196, 3);
  const auto features = cosines(data.grey);
  const auto losses = [&](double scale) {
    DmrgClassifier trainer(features * scale, data.labels, 3, 1, {.bond = 4});
    std::vector<double> found;
    for (const auto& bond : trainer.sweep()) found.push_back(bond.solved);
    EXPECT_GT(share_right(trainer.state(), features * scale, data.labels), 0.9) << scale;
    return found;
  };
  const auto plain = losses(1);
  for (const double scale : {std::pow(2, -40), std::pow(2, 30)}) {
    const auto found = losses(scale);
    // Rounding grows from bond to bond, as cuts come close to each other.
    for (std::size_t k = 0; k < 10; ++k) EXPECT_NEAR(found[k], plain[k], 1e-4) << k;
    EXPECT_NEAR(found.back(), plain.back(), 0.03);
  }
}

TEST(LongTrain, OfHundredsOfSitesStaysWithinItsDtype) {
  const auto data = strokes(30, 500, 2);
  // 0.01^500 is far below what float64 holds, 100^500 far above.
  for (const auto& features : {0.01 * cosines(data.grey), 100 * lines(data.grey)}) {
    DmrgClassifier trainer(features, data.labels, 2, 1, {.bond = 3, .iterations = 2}, 2);
    const double before = trainer.loss();
    for (const auto& bond : trainer.sweep()) {
      ASSERT_TRUE(std::isfinite(bond.solved) && std::isfinite(bond.bound));
    }
    EXPECT_LT(trainer.loss(), 0.15);
    EXPECT_LT(trainer.loss(), before);
    EXPECT_GT(share_right(trainer.state(), features, data.labels), 0.9);
  }
}

}  // namespace
}  // namespace ranklens::optim
