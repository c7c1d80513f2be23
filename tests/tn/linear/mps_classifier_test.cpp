#include "ranklens/tn/linear/mps_classifier.h"

#include <atomic>
#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/base/parallel.h"
#include "ranklens/base/threads.h"
#include "ranklens/tn/linear/mps_passes.h"
#include "ranklens/tn/linear/site_products.h"

#include "testing/close.h"
#include "testing/expect_error.h"

namespace ranklens::tn {
namespace {

using ranklens::testing::close;
using ranklens::testing::expect_error;

struct Model {
  std::vector<at::Tensor> cores;
  std::size_t label = 0;
};

/// Ranks that grow, differ and fall; cores of about the size at which states keep theirs.
Model random_model(std::size_t sites, std::int64_t d, std::int64_t classes, std::size_t label,
                   std::int64_t most, at::ScalarType type = at::kDouble) {
  Model model{.cores = {}, .label = label};
  std::int64_t left = 1;
  for (std::size_t k = 0; k <= sites; ++k) {
    const auto right = k == sites ? 1 : most - static_cast<std::int64_t>(k % 2);
    const auto middle = k == label ? classes : d;
    model.cores.push_back(at::randn({left, middle, right}, at::kDouble)
                              .div(std::sqrt(static_cast<double>(left)))
                              .to(type));
    left = right;
  }
  return model;
}

/// [batch, sites, d] with vectors of length about one.
at::Tensor random_features(std::int64_t batch, std::int64_t sites, std::int64_t d,
                           at::ScalarType type = at::kDouble) {
  return at::randn({batch, sites, d}, at::kDouble).div(std::sqrt(static_cast<double>(d))).to(type);
}

/// The definition, every entry of the whole tensor by itself: sum over s_1 .. s_L.
at::Tensor entry_by_entry(const Model& model, const at::Tensor& features) {
  const auto sites = features.size(1), d = features.size(2);
  const auto classes = model.cores[model.label].size(1);
  auto values = at::zeros({features.size(0), classes}, at::kDouble);
  std::int64_t entries = 1;
  for (std::int64_t k = 0; k < sites; ++k) entries *= d;
  for (std::int64_t entry = 0; entry < entries; ++entry) {
    for (std::int64_t l = 0; l < classes; ++l) {
      auto product = at::ones({1, 1}, at::kDouble);
      auto weight = at::ones({features.size(0)}, at::kDouble);
      std::int64_t rest = entry, site = 0;
      for (std::size_t k = 0; k < model.cores.size(); ++k) {
        if (k == model.label) {
          product = at::mm(product, model.cores[k].select(1, l));
          continue;
        }
        const auto s = rest % d;
        rest /= d;
        product = at::mm(product, model.cores[k].select(1, s));
        weight = weight * features.select(1, site++).select(1, s);
      }
      values.select(1, l).add_(product.item<double>() * weight);
    }
  }
  return values;
}

/// From left to right by operators, matrices A(x) and all, without scaling: what autograd knows.
at::Tensor plainly(const Model& model, const at::Tensor& features) {
  const auto sites = features.unbind(1);
  at::Tensor state;  // [batch, classes or 1, r]
  state = at::ones({features.size(0), 1, 1}, features.options());
  std::size_t site = 0;
  for (std::size_t k = 0; k < model.cores.size(); ++k) {
    if (k == model.label) {
      state = at::einsum("bua,alc->blc", {state, model.cores[k]});
    } else {
      state = at::einsum("bua,asc,bs->buc", {state, model.cores[k], sites[site++]});
    }
  }
  return state.squeeze(2);
}

struct Reached {
  at::Tensor values;
  std::vector<at::Tensor> gradients;  ///< of features, then cores
};

template <class Run>
Reached gradients_through(const Model& model, const at::Tensor& features, const at::Tensor& dy,
                          const Run& run) {
  std::vector<at::Tensor> leaves{features.detach().clone().requires_grad_()};
  for (const auto& core : model.cores) leaves.push_back(core.detach().clone().requires_grad_());
  const Model own{{leaves.begin() + 1, leaves.end()}, model.label};
  const at::Tensor y = run(own, leaves[0]);
  return {y.detach(), torch::autograd::grad({y}, leaves, {dy})};
}

at::Tensor classified(const Model& model, const at::Tensor& features) {
  return unscaled(mps_classifier(features, model.cores, model.label));
}

void expect_same(const Reached& found, const Reached& wanted, double tolerance) {
  const auto within = [&](const at::Tensor& a, const at::Tensor& b) {
    return close(a.to(at::kDouble), b, 0, tolerance * b.abs().max().item<double>());
  };
  EXPECT_TRUE(within(found.values, wanted.values));
  ASSERT_EQ(found.gradients.size(), wanted.gradients.size());
  for (std::size_t k = 0; k < found.gradients.size(); ++k)
    EXPECT_TRUE(within(found.gradients[k], wanted.gradients[k])) << "gradient " << k;
}

TEST(MPSClassifier, IsTheWholeTensorEntryByEntry) {
  at::manual_seed(1);
  for (const std::int64_t d : {2, 3}) {
    for (const std::size_t label : {0, 2, 5}) {
      const auto model = random_model(5, d, 4, label, 3);
      const auto features = random_features(3, 5, d);
      EXPECT_TRUE(close(classified(model, features), entry_by_entry(model, features), 1e-12, 1e-13))
          << "label at " << label;
    }
  }
}

TEST(MPSClassifier, GradientsAreThoseOfThePlainChain) {
  at::manual_seed(2);
  for (const std::size_t label : {0, 4, 9}) {
    const auto model = random_model(9, 3, 4, label, 6);
    const auto features = random_features(7, 9, 3);
    const auto dy = at::randn({7, 4}, at::kDouble);
    expect_same(gradients_through(model, features, dy, classified),
                gradients_through(model, features, dy, plainly), 1e-12);
    const at::NoGradGuard no_gradients;
    EXPECT_TRUE(close(classified(model, features), plainly(model, features), 1e-11, 1e-13));
  }
}

TEST(MPSClassifier, GradientsAreFiniteDifferences) {
  at::manual_seed(3);
  const auto model = random_model(6, 2, 3, 3, 4);
  const auto features = random_features(5, 6, 2);
  const auto dy = at::randn({5, 3}, at::kDouble);
  const auto found = gradients_through(model, features, dy, classified);
  for (std::size_t k = 0; k < found.gradients.size(); ++k) {
    const auto& place = k == 0 ? features : model.cores[k - 1];
    const auto direction = at::randn_like(place);
    const auto value = [&](double step) {
      auto moved = model;
      auto x = features;
      (k == 0 ? x : moved.cores[k - 1]) = place + step * direction;
      return (classified(moved, x) * dy).sum().item<double>();
    };
    const double h = 1e-5;
    const double wanted = (value(h) - value(-h)) / (2 * h);
    EXPECT_NEAR((found.gradients[k] * direction).sum().item<double>(), wanted,
                1e-8 * (1 + std::abs(wanted)))
        << "of " << k;
  }
}

TEST(MPSClassifier, EveryType) {
  at::manual_seed(4);
  const auto exact = random_model(12, 2, 5, 6, 8);
  for (const auto& [type, tolerance] : {std::pair{at::kFloat, 1e-5}, {at::kBFloat16, 1e-2}}) {
    Model model{.cores = {}, .label = exact.label}, again = model;
    for (const auto& core : exact.cores) {
      model.cores.push_back(core.to(type));
      again.cores.push_back(model.cores.back().to(at::kDouble));
    }
    const auto features = random_features(9, 12, 2, type);
    const auto dy = at::randn({9, 5}).to(type);
    const auto found = gradients_through(model, features, dy, classified);
    EXPECT_EQ(found.values.scalar_type(), type);
    for (const auto& gradient : found.gradients) EXPECT_EQ(gradient.scalar_type(), type);
    expect_same(found,
                gradients_through(again, features.to(at::kDouble), dy.to(at::kDouble), plainly),
                tolerance);
  }
}

// Larger than a tile, on one thread and on two.
TEST(MPSClassifier, ABatchIsItsSamples) {
  at::manual_seed(5);
  const auto model = random_model(7, 2, 3, 4, 5);
  const auto features = random_features(601, 7, 2);
  const auto dy = at::randn({601, 3}, at::kDouble);
  const auto wanted = gradients_through(model, features, dy, plainly);
  for (const int threads : {1, 2}) {
    const base::ThreadScope scope(threads);
    expect_same(gradients_through(model, features, dy, classified), wanted, 1e-12);
  }
  EXPECT_EQ(classified(model, features.narrow(0, 0, 0)).sizes(), (std::vector<std::int64_t>{0, 3}));
}

TEST(MPSClassifier, CanBeDifferentiatedTwice) {
  at::manual_seed(6);
  auto model = random_model(6, 2, 3, 2, 4);
  for (auto& core : model.cores) core.requires_grad_();
  const auto features = random_features(4, 6, 2).requires_grad_();
  auto inputs = model.cores;
  inputs.push_back(features);
  const auto twice = [&](const at::Tensor& y) {
    const auto first =
        torch::autograd::grad({y.pow(3).sum()}, {features, model.cores[1]}, {}, true, true);
    return torch::autograd::grad({first[0].pow(2).sum() + first[1].pow(3).sum()}, inputs);
  };
  const auto found = twice(classified(model, features)), wanted = twice(plainly(model, features));
  for (std::size_t k = 0; k < found.size(); ++k)
    EXPECT_TRUE(close(found[k], wanted[k], 1e-9, 1e-9 * wanted[k].abs().max().item<double>())) << k;
}

TEST(MPSClassifier, AThousandSitesNeitherOverflowNorUnderflow) {
  at::manual_seed(7);
  for (const double size : {8.0, 0.125}) {  // 8^1000 = 10^903
    auto model = random_model(1000, 2, 4, 500, 6, at::kFloat);
    const auto features = random_features(3, 1000, 2, at::kFloat);
    const auto before = mps_classifier(features, model.cores, model.label);
    for (std::size_t k = 0; k < model.cores.size(); ++k)
      if (k != model.label) model.cores[k] = model.cores[k] * size;
    const auto after = mps_classifier(features, model.cores, model.label);
    // Powers of two: not a bit of the values changes.
    EXPECT_TRUE(at::equal(after.value, before.value));
    EXPECT_TRUE(at::equal(after.exponent, before.exponent + 1000 * std::log2(size)));
    EXPECT_TRUE(after.value.abs().max().item<float>() < 1e3F);
    EXPECT_TRUE((after.value.abs().amax(1) > 1e-6F).all().item<bool>());
  }
}

TEST(MPSClassifier, SitesThatGrowAndSitesThatShrinkComeOutRight) {
  at::manual_seed(8);
  // 3^500 is 10^238: beyond float32, and beyond what float32 multiplies back.
  auto exact = random_model(1000, 2, 4, 500, 6);
  const auto features = random_features(3, 1000, 2);
  auto scaled = exact;
  for (std::size_t k = 0; k < exact.cores.size(); ++k) {
    if (k == exact.label) continue;
    scaled.cores[k] = exact.cores[k] * (k < exact.label ? 3.0 : 1 / 3.0);
  }
  const auto dy = at::randn({3, 4}, at::kDouble);
  // The whole is far from one as well: by how much, the first sample's values say.
  const auto size = mps_classifier(features, exact.cores, exact.label).exponent;
  const auto run = [&](const Model& model, const at::Tensor& x) {
    const auto [value, exponent] = mps_classifier(x, model.cores, model.label);
    return unscaled({value, exponent - size.to(exponent.scalar_type())});
  };
  Model narrow{.cores = {}, .label = scaled.label};
  for (const auto& core : scaled.cores) narrow.cores.push_back(core.to(at::kFloat));
  const auto found = gradients_through(narrow, features.to(at::kFloat), dy.to(at::kFloat), run);
  const auto wanted = gradients_through(scaled, features, dy, run);
  for (const auto& gradient : found.gradients) EXPECT_TRUE(gradient.isfinite().all().item<bool>());
  EXPECT_TRUE(
      close(wanted.values, gradients_through(exact, features, dy, run).values, 1e-9, 1e-12));
  expect_same(found, wanted, 2e-3);
}

TEST(MPSClassifier, UnscaledReachesTheEndsOfTheRange) {
  const auto value = at::full({2, 1}, 1e-30, at::kFloat);
  const auto found = unscaled({value, at::tensor({200.0F, -20.0F})});
  EXPECT_FLOAT_EQ(found[0].item<float>(), std::ldexp(1e-30F, 200));
  EXPECT_FLOAT_EQ(found[1].item<float>(), std::ldexp(1e-30F, -20));
}

TEST(MPSClassifier, DeadSamplesAreZeroAndNotNaN) {
  at::manual_seed(9);
  const auto model = random_model(9, 2, 3, 4, 5);
  auto features = random_features(4, 9, 2);
  features[1][3].zero_();
  const auto found = gradients_through(model, features, at::ones({4, 3}, at::kDouble), classified);
  EXPECT_EQ(found.values[1].abs().max().item<double>(), 0);
  for (const auto& gradient : found.gradients) EXPECT_TRUE(gradient.isfinite().all().item<bool>());
}

TEST(MPSClassifier, LoopsDoWhatOperatorsDo) {
  at::manual_seed(10);
  for (const auto type : {at::kFloat, at::kDouble}) {
    const auto state = at::randn({5, 7}, type), features = at::randn({3, 7}, type),
               joint = at::randn({15, 7}, type);
    for (const bool by_bond : {false, true}) {
      const auto a = at::empty_like(joint), b = at::empty_like(joint);
      multiply_in(state, features, by_bond, a);
      by_operators::multiply_in(state, features, by_bond, b);
      EXPECT_TRUE(at::equal(a, b));
      const auto c = at::empty_like(state), d = at::empty_like(state);
      sum_features(joint, features, by_bond, c);
      by_operators::sum_features(joint, features, by_bond, d);
      EXPECT_TRUE(close(c, d));
      const auto e = at::empty_like(features), f = at::empty_like(features);
      sum_bond(joint, state, by_bond, e);
      by_operators::sum_bond(joint, state, by_bond, f);
      EXPECT_TRUE(close(e, f));
    }
    auto a = state * at::tensor({1e-20, 1.0, 3e10, 0.0, 1.0, 1e-39, 2.0}, type);
    const auto b = a.clone(), fa = at::empty({7}, type), fb = fa.clone(), ea = at::ones({7}, type),
               eb = at::ones({7}, type);
    rescale(a, fa, ea);
    by_operators::rescale(b, fb, eb);
    EXPECT_TRUE(at::equal(a, b));
    EXPECT_TRUE(at::equal(fa, fb));
    EXPECT_TRUE(at::equal(ea, eb));
    EXPECT_TRUE(((a.abs().amax(0) >= 1).logical_and(a.abs().amax(0) < 2))
                    .narrow(0, 0, 3)
                    .all()
                    .item<bool>());
  }
}

/// Into how many tiles a batch falls on four threads.
int tiles_of(at::DeviceType device, std::int64_t batch) {
  const base::ThreadScope four(4);
  const auto shares = batch_shares(device, batch);
  std::atomic<int> tiles = 0;
  base::parallel_over(batch, shares.grain, [&](std::int64_t begin, std::int64_t end) {
    for (auto row = begin; row < end; row += shares.tile) ++tiles;
  });
  return tiles;
}

TEST(MPSClassifier, DevicesGetABatchWhole) {
  for (const std::int64_t batch : {1, 100, 1000, 4096}) {
    EXPECT_EQ(tiles_of(at::kCUDA, batch), 1) << batch;
    EXPECT_EQ(tiles_of(at::kMeta, batch), 1) << batch;
  }
  EXPECT_EQ(tiles_of(at::kCPU, 1000), 4);
  EXPECT_EQ(tiles_of(at::kCPU, 4096), 16);
}

TEST(MPSClassifier, SaysWhatDoesNotFit) {
  const auto model = random_model(4, 2, 3, 2, 3);
  const auto features = random_features(2, 4, 2);
  expect_error([&] { mps_classifier(random_features(2, 5, 2), model.cores, 2); },
               "of 5 sites has 6 cores");
  expect_error([&] { mps_classifier(random_features(2, 4, 3), model.cores, 2); },
               "core 0 of an MPS classifier must be [1, 3, r']");
  expect_error([&] { mps_classifier(features, model.cores, 5); }, "the label's among them");
}

}  // namespace
}  // namespace ranklens::tn
