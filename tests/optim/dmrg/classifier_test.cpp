#include "ranklens/optim/dmrg/classifier.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/linalg_lstsq.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/stack.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/base/random.h"
#include "ranklens/tn/linear/mps_classifier.h"

#include "testing/expect_error.h"

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

/// Of sweeps with the label in the middle and with one that moves.
class EitherLabel : public ::testing::TestWithParam<LabelCore> {
 protected:
  static DmrgOptions with(DmrgOptions options) {
    options.label = GetParam();
    return options;
  }
};
INSTANTIATE_TEST_SUITE_P(DmrgClassifier, EitherLabel,
                         ::testing::Values(LabelCore::middle, LabelCore::moving),
                         [](const auto& one) {
                           return one.param == LabelCore::middle ? "InTheMiddle" : "Moving";
                         });

TEST_P(EitherLabel, NoLocalSolveRaisesTheLossAndTheTwoSitesEndAtLeastSquares) {
  const auto data = parity(200, 2, 1);
  DmrgClassifier trainer(data.features, data.labels, 2, 3, with({.bond = 4, .iterations = 60}));
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
TEST_P(EitherLabel, SweepsReachTheLeastSquaresFitOfAParity) {
  const auto data = parity(600, 5, 2);
  DmrgClassifier trainer(data.features, data.labels, 2, 5, with({.bond = 8, .iterations = 6}));
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

TEST_P(EitherLabel, TheOperatorGivesTheSameValues) {
  const auto data = parity(40, 6, 6);
  DmrgClassifier trainer(data.features, data.labels, 3, 7, with({.bond = 5}));
  trainer.sweep();
  const auto cores = classifier_cores(trainer.state());
  const auto found = tn::unscaled(tn::mps_classifier(data.features, cores.cores, cores.label));
  EXPECT_LT((found - values(trainer.state(), data.features)).abs().max().item<double>(), 1e-10);
}

/// Three numbers a site, of which the last two are often 0, for three classes.
struct Sparse {
  at::Tensor features, labels;
};

Sparse sparse(std::int64_t samples, std::int64_t sites, std::uint64_t seed) {
  base::Stream stream(seed, "noise", "sparse");
  const auto x = at::relu(stream.uniform({samples, sites}, -1, 1, at::kDouble));
  return {at::stack({1 - x, x, x * x}, -1),
          ((x > 0.4).sum(1) + 2 * (x.select(1, 0) > 0).to(at::kLong)).remainder(3)};
}

/// The mean of |f - y|^2 / 2 of values made site by site, without what the trainer keeps.
double loss_of_scratch(const LabelledState& state, const Sparse& data) {
  auto met = at::ones({data.features.size(0), 1, 1}, at::kDouble);  // [n, classes or 1, r]
  for (std::size_t k = 0; k < state.cores.size(); ++k) {
    const auto feature = data.features.select(1, static_cast<std::int64_t>(k));
    met = k == state.centre ? at::einsum("nxa,ni,ailb->nlb", {met, feature, state.cores[k]})
                            : at::einsum("nla,ni,aib->nlb", {met, feature, state.cores[k]});
  }
  const auto found = met.squeeze(2) * std::exp(state.log_scale);
  const auto targets = at::one_hot(data.labels, found.size(1)).to(at::kDouble);
  return (found - targets).square().sum(1).mean().item<double>() / 2;
}

// Each bond begins with the loss of the state that the one before it left: sides that are kept and
// grown by a core at a time are those made from scratch, at every bond in both directions.
TEST_P(EitherLabel, KeptSidesAreThoseFromScratch) {
  const auto data = sparse(150, 7, 4);
  DmrgClassifier trainer(data.features, data.labels, 3, 2, with({.bond = 4}));
  for (int sweep = 0; sweep < 2; ++sweep) {
    double left = loss_of_scratch(trainer.state(), data);
    int seen = 0;
    trainer.sweep([&](const DmrgClassifier::Bond& bond) {
      EXPECT_NEAR(bond.before, left, 1e-10) << seen;
      left = loss_of_scratch(trainer.state(), data);
      ++seen;
      return true;
    });
    EXPECT_EQ(seen, trainer.bonds());
    EXPECT_NEAR(trainer.loss(), left, 1e-10);
  }
}

/// The loss with one pair in place of two cores, as autograd sees it.
at::Tensor loss_of_pair(const LabelledState& state, std::size_t site, const at::Tensor& pair,
                        double log_scale, const Sparse& data) {
  auto met = at::ones({data.features.size(0), 1, 1}, at::kDouble);  // [n, classes or 1, r]
  const auto feature = [&](std::size_t k) {
    return data.features.select(1, static_cast<std::int64_t>(k));
  };
  const auto meet = [&](std::size_t k) {
    const auto& core = state.cores[k];
    const auto five = core.dim() == 4 ? core : core.unsqueeze(2);
    met = at::einsum("nxa,ni,ailb->nxlb", {met, feature(k), five}).flatten(1, 2);
  };
  for (std::size_t k = 0; k < site; ++k) meet(k);
  met = at::einsum("nxa,ni,nj,ailjb->nxlb", {met, feature(site), feature(site + 1), pair})
            .flatten(1, 2);
  for (auto k = site + 2; k < state.cores.size(); ++k) meet(k);
  const auto found = met.squeeze(2) * std::exp(log_scale);
  const auto targets = at::one_hot(data.labels, found.size(1)).to(at::kDouble);
  return (found - targets).square().sum(1).mean() / 2;
}

void expect_gradient_of_autograd(const DmrgClassifier& trainer, std::size_t site,
                                 const Sparse& data) {
  const at::AutoGradMode with_gradients(true);
  const auto seen = trainer.pair(site);
  const auto leaf = seen.pair.detach().clone().requires_grad_(true);
  const auto loss = loss_of_pair(trainer.state(), site, leaf, seen.log_scale, data);
  EXPECT_NEAR(loss.item<double>(), trainer.loss(), 1e-10);
  const auto gradient = torch::autograd::grad({loss}, {leaf})[0];
  EXPECT_GT(gradient.abs().max().item<double>(), 1e-9) << site;
  EXPECT_LT((gradient - seen.gradient).abs().max().item<double>(), 1e-10) << site;
}

TEST_P(EitherLabel, TheGradientOfAPairIsThatOfAutograd) {
  const auto data = sparse(80, 6, 5);
  DmrgClassifier trainer(data.features, data.labels, 3, 3, with({.bond = 3, .iterations = 1}));
  // Of six sites: from the middle to the end, back to the first, to the middle.
  const std::vector<std::size_t> order{3, 4, 4, 3, 2, 1, 0, 0, 1, 2, 3};
  testing::expect_error([&] { trainer.pair(1); }, "not the one to be solved");
  std::size_t solved = 0;
  expect_gradient_of_autograd(trainer, order[0], data);
  trainer.sweep([&](const DmrgClassifier::Bond&) {
    expect_gradient_of_autograd(trainer, order.at(++solved), data);
    return true;
  });
  EXPECT_EQ(solved, 10U);
}

// |f - y| after a cut is at most |f - y| before it and the cut part's values together.
TEST_P(EitherLabel, ACutRaisesTheLossNoMoreThanItsPartOfTheDesign) {
  const auto data = sparse(200, 7, 6);
  for (const auto& options : {with({.bond = 2}), with({.bond = 20, .cutoff = 0.02})}) {
    DmrgClassifier trainer(data.features, data.labels, 3, 4, options);
    int rises = 0;
    double cut = 0;
    for (int sweep = 0; sweep < 3; ++sweep) {
      DmrgClassifier::Bond last;
      trainer.sweep([&](const DmrgClassifier::Bond& bond) {
        const double left = loss_of_scratch(trainer.state(), data);
        EXPECT_LE(bond.solved, bond.before * (1 + 1e-12));
        EXPECT_LE(left, bond.bound * (1 + 1e-9));
        rises += left > bond.solved * (1 + 1e-9) ? 1 : 0;
        cut = std::max(cut, bond.discarded);
        last = bond;
        return true;
      });
      EXPECT_TRUE(std::isfinite(last.bound));
    }
    EXPECT_GT(rises, 0);
    EXPECT_GT(cut, 1e-4);
    EXPECT_LE(cut, options.cutoff > 1e-3 ? options.cutoff : 1);
  }
  // Where nothing is cut off there is nothing to fear.
  DmrgClassifier whole(data.features, data.labels, 3, 4, with({.bond = 200, .cutoff = 0}));
  for (const auto& bond : whole.sweep()) EXPECT_NEAR(bond.bound, bond.solved, 1e-9);
}

TEST_P(EitherLabel, GoesOnFromTheStateOfASweepBitByBit) {
  const auto data = sparse(150, 8, 7);
  const auto features = data.features.to(at::kFloat);
  DmrgClassifier trainer(features, data.labels, 3, 5, with({.bond = 6}));
  trainer.sweep();
  DmrgClassifier again(features, data.labels, trainer.state(), with({.bond = 6}));
  for (int k = 0; k < 2; ++k) {
    const auto first = trainer.sweep(), second = again.sweep();
    for (std::size_t b = 0; b < first.size(); ++b) EXPECT_EQ(first[b].solved, second[b].solved);
  }
  EXPECT_EQ(trainer.state().log_scale, again.state().log_scale);
  for (std::size_t k = 0; k < 8; ++k) {
    EXPECT_TRUE(at::equal(trainer.state().cores[k], again.state().cores[k]));
  }
}

// Which sides are kept is a matter of memory alone.
TEST(DmrgClassifier, SidesThatAreMadeTwiceAreTheSame) {
  const auto data = sparse(150, 15, 7);
  DmrgClassifier all(data.features, data.labels, 3, 5, {.bond = 4}),
      few(data.features, data.labels, 3, 5, {.bond = 4, .labelled_bytes = 0});
  EXPECT_LT(dmrg_memory({150, 15, 3}, at::kDouble, 3, {.bond = 4, .labelled_bytes = 0}),
            dmrg_memory({150, 15, 3}, at::kDouble, 3, {.bond = 4}));
  for (int sweep = 0; sweep < 2; ++sweep) {
    const auto first = all.sweep(), second = few.sweep();
    for (std::size_t b = 0; b < first.size(); ++b) ASSERT_EQ(first[b].solved, second[b].solved);
  }
  for (std::size_t k = 0; k < 15; ++k) {
    EXPECT_TRUE(at::equal(all.state().cores[k], few.state().cores[k]));
  }
}

// Sixteen classes, told by the first two and the last two of six bits. Four functions of either
// half give them all; but at either end of the train a label that passes there needs the eight of
// the three bits beyond.
TEST(DmrgClassifier, ALabelInTheMiddleKeepsWhatClassesDoNotShare) {
  base::Stream stream(2, "noise", "bits");
  const auto bits = stream.integers({400, 6}, 2);
  const auto x = bits.to(at::kDouble);
  const auto features = at::stack({1 - x, x}, -1);
  const auto bit = [&](std::int64_t k) { return bits.select(1, k); };
  const auto labels = 8 * bit(0) + 4 * bit(1) + 2 * bit(4) + bit(5);
  const auto largest_loss = [&](LabelCore label) {
    DmrgClassifier trainer(features, labels, 16, 1, {.bond = 4, .iterations = 10, .label = label});
    double largest = 0;
    for (int sweep = 0; sweep < 8; ++sweep) {
      largest = 0;
      for (const auto& bond : trainer.sweep()) largest = std::max(largest, bond.before);
    }
    return largest;
  };
  EXPECT_LT(largest_loss(LabelCore::middle), 1e-6);
  EXPECT_GT(largest_loss(LabelCore::moving), 0.1);
}

TEST_P(EitherLabel, EndsWhereItIsToldTo) {
  const auto data = sparse(60, 5, 8);
  DmrgClassifier trainer(data.features, data.labels, 3, 6, with({.bond = 4}));
  int seen = 0;
  EXPECT_EQ(trainer.sweep([&](const auto&) { return ++seen < 3; }).size(), 3U);
  EXPECT_NEAR(trainer.loss(), loss_of_scratch(trainer.state(), data), 1e-12);
  testing::expect_error([&] { trainer.sweep(); }, "midway");
  testing::expect_error(
      [&] { DmrgClassifier(data.features, data.labels, trainer.state(), with({.bond = 4})); },
      GetParam() == LabelCore::moving ? "label on core 2" : "not orthogonal towards the middle");
}

TEST(DmrgClassifier, RefusesWhatItCannotTrainOn) {
  const auto data = parity(10, 3, 8);
  using testing::expect_error;
  const auto made = [&](const at::Tensor& labels, const DmrgOptions& options) {
    DmrgClassifier(data.features, labels, 2, 1, options);
  };
  expect_error([&] { made(data.labels.narrow(0, 0, 5), {}); }, "a label is needed for each of 10");
  expect_error([&] { made(data.labels + 1, {}); }, "labels of 2 classes are 0 to 1");
  expect_error([&] { made(data.labels, {.bond = 0}); }, "a bond and iterations");
  expect_error([&] { made(data.labels, {.iterations = 0}); }, "a bond and iterations");
  expect_error([&] { made(data.labels, {.cutoff = 1}); }, "a cutoff in [0, 1)");
  expect_error([&] { made(data.labels, {.tolerance = -1}); }, "a tolerance");
  expect_error([&] { made(data.labels, {.damping = 0}); }, "a damping above 0");
  expect_error([&] { made(data.labels, {.labelled_bytes = -1}); }, "bytes for labelled sides");
  auto state = DmrgClassifier(data.features, data.labels, 2, 1).state();
  state.cores[2] = 2 * state.cores[2];
  expect_error([&] { DmrgClassifier(data.features, data.labels, state); }, "not orthogonal");
  state.cores.pop_back();
  expect_error([&] { DmrgClassifier(data.features, data.labels, state); }, "from 3 cores");
}

// Before anything is made: the samples are one that is seen often.
TEST(DmrgClassifier, AsksForItsMemoryFirst) {
  const auto one = at::ones({1, 196, 2}, at::kFloat);
  const std::int64_t many = 60'000'000;
  testing::expect_error(
      [&] {
        DmrgClassifier(one.expand({many, 196, 2}), at::ones({1}, at::kLong).expand({many}), 2, 1,
                       {.bond = 120});
      },
      "of memory");
  // 60,000 images at bond 120: one side a site, and labelled ones of 20 sites of one half.
  const auto bytes = [](const DmrgOptions& options) {
    return dmrg_memory({60000, 196, 2}, at::kFloat, 10, options);
  };
  EXPECT_NEAR(bytes({.bond = 120, .label = LabelCore::moving}), 6.0e9, 1e9);
  EXPECT_NEAR(bytes({.bond = 120}), 12.5e9, 1e9);
  EXPECT_NEAR(bytes({.bond = 120, .labelled_bytes = 1e12}), 35e9, 1e9);
}

}  // namespace
}  // namespace ranklens::optim
