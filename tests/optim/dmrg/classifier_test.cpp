#include "ranklens/optim/dmrg/classifier.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/linalg_lstsq.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/stack.h>
#include <gtest/gtest.h>

#include "ranklens/base/error.h"
#include "ranklens/base/random.h"
#include "ranklens/tn/linear/mps_classifier.h"

namespace ranklens::optim {
namespace {

/// Numbers in [0, 1] whose parity of large ones is the class: no linear map of them separates
/// these.
struct Parity {
  at::Tensor features, labels;
};

Parity parity(std::int64_t samples, std::int64_t sites, std::uint64_t seed) {
  base::Stream stream(seed, "noise", "parity");
  const auto x = stream.uniform({samples, sites}, 0, 1, at::kDouble);
  const auto angle = x * 1.5707963267948966;
  return {at::stack({at::cos(angle), at::sin(angle)}, -1), (x > 0.5).sum(1).remainder(2)};
}

TEST(DmrgClassifier, NoLocalSolveRaisesTheLossAndTheTwoSitesEndAtLeastSquares) {
  const auto data = parity(200, 2, 1);
  DmrgClassifier trainer(data.features, data.labels, 2, 3, {.bond = 4, .iterations = 60});
  for (int k = 0; k < 2; ++k) {
    for (const auto& bond : trainer.sweep()) EXPECT_LE(bond.solved, bond.before + 1e-12);
  }
  // Two sites are one pair: the linear least-squares problem itself.
  const auto phi = data.features;
  const auto design = (phi.select(1, 0).unsqueeze(2) * phi.select(1, 1).unsqueeze(1)).flatten(1);
  const auto targets = at::one_hot(data.labels, 2).to(at::kDouble);
  const auto best = std::get<0>(at::linalg_lstsq(design, targets));
  const double least = (design.matmul(best) - targets).square().sum(1).mean().item<double>() / 2;
  EXPECT_NEAR(trainer.loss(), least, 1e-9);
}

// Five sites of bond 4 hold every function of the products of features, so the sweeps must reach
// the least-squares fit in all 32 of them.
TEST(DmrgClassifier, SweepsReachTheLeastSquaresFitOfAParity) {
  const auto data = parity(600, 5, 2);
  DmrgClassifier trainer(data.features, data.labels, 2, 5, {.bond = 8, .iterations = 6});
  std::vector<DmrgClassifier::Bond> bonds;
  for (int k = 0; k < 12; ++k) bonds = trainer.sweep();
  for (const auto& bond : bonds) EXPECT_LE(bond.rank, 8);
  auto design = data.features.select(1, 0);
  for (int k = 1; k < 5; ++k) {
    design = (design.unsqueeze(2) * data.features.select(1, k).unsqueeze(1)).flatten(1);
  }
  const auto targets = at::one_hot(data.labels, 2).to(at::kDouble);
  const auto best = design.matmul(std::get<0>(at::linalg_lstsq(design, targets)));
  const double least = (best - targets).square().sum(1).mean().item<double>() / 2;
  EXPECT_LT(trainer.loss(), 1.01 * least);
  EXPECT_GE(trainer.loss(), least * (1 - 1e-9));
  const auto right = values(trainer.state(), data.features).argmax(1).eq(data.labels);
  EXPECT_GT(right.to(at::kDouble).mean().item<double>(), 0.7);  // any linear map: a half
}

TEST(DmrgClassifier, TheOperatorGivesTheSameValues) {
  const auto data = parity(40, 6, 6);
  DmrgClassifier trainer(data.features, data.labels, 3, 7, {.bond = 5});
  trainer.sweep();
  const auto cores = classifier_cores(trainer.state());
  const auto found = tn::unscaled(tn::mps_classifier(data.features, cores.cores, cores.label));
  EXPECT_LT((found - values(trainer.state(), data.features)).abs().max().item<double>(), 1e-10);
}

TEST(DmrgClassifier, RefusesWhatItCannotTrainOn) {
  const auto data = parity(10, 3, 8);
  EXPECT_THROW(DmrgClassifier(data.features, data.labels.narrow(0, 0, 5), 2, 1), base::Error);
  EXPECT_THROW(DmrgClassifier(data.features, data.labels, 2, 1, {.bond = 0}), base::Error);
}

}  // namespace
}  // namespace ranklens::optim
