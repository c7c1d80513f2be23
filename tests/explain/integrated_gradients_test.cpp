#include "ranklens/explain/integrated_gradients.h"

#include <cmath>
#include <numeric>

#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ranklens/base/error.h"

#include "explain/nets.h"

namespace ranklens::explain {
namespace {

double integrate(const Rule& rule, int power) {
  double sum = 0;
  for (std::size_t i = 0; i < rule.points.size(); ++i) {
    sum += rule.weights[i] * std::pow(rule.points[i], power);
  }
  return sum;
}

TEST(Quadrature, GaussLegendreIsExactToItsDegree) {
  for (const int n : {1, 2, 3, 7, 20, 50}) {
    const Rule rule = quadrature(Quadrature::gauss_legendre, n);
    for (int power = 0; power < 2 * n; ++power) {
      EXPECT_NEAR(integrate(rule, power), 1.0 / (power + 1), 1e-14) << n << " points, x^" << power;
    }
    EXPECT_GT(std::abs(integrate(rule, 2 * n) - 1.0 / (2 * n + 1)), n < 8 ? 1e-14 : -1);
    EXPECT_TRUE(std::is_sorted(rule.points.begin(), rule.points.end()));
  }
}

TEST(Quadrature, OtherRules) {
  const Rule trapezoid = quadrature(Quadrature::trapezoid, 5);
  EXPECT_THAT(trapezoid.points, ::testing::ElementsAre(0, 0.25, 0.5, 0.75, 1));
  EXPECT_THAT(trapezoid.weights, ::testing::ElementsAre(0.125, 0.25, 0.25, 0.25, 0.125));
  const Rule right = quadrature(Quadrature::right, 4);
  EXPECT_THAT(right.points, ::testing::ElementsAre(0.25, 0.5, 0.75, 1));
  EXPECT_THAT(right.weights, ::testing::Each(0.25));
  const Rule ends = quadrature(Quadrature::ends, 3);
  EXPECT_THAT(ends.points, ::testing::ElementsAre(0, 0.5, 1));
  EXPECT_THAT(ends.weights, ::testing::Each(1.0 / 3));
  EXPECT_THROW(quadrature(Quadrature::right, 0), base::Error);
  EXPECT_THROW(quadrature(Quadrature::gauss_legendre, 1'000'000), base::Error);
  EXPECT_EQ(quadrature(Quadrature::right, 1'000'000).points.size(), 1'000'000U);
}

TEST(IntegratedGradients, OfALinearNetworkIsExact) {
  const nn::Network net = linear_net(2, 3, 4);
  const at::Tensor images = noise({2, 2, 3, 3}, 1);
  const at::Tensor weights =
      net.state.tensor("head.weight").index_select(0, labels({3, 1})).view({2, 2, 3, 3});
  for (const auto& [name, rule] : kQuadratureNames) {
    const IntegratedGradients options{.steps = 4, .rule = rule, .value = 0.5};
    const Attribution found = attribute(net, images, labels({3, 1}), options);
    EXPECT_TRUE(found.maps.allclose((weights * (images - 0.5)).sum(1), 1e-12, 1e-14)) << name;
    EXPECT_LT(found.completeness_gap.abs().max().item<double>(), 1e-13) << name;
  }
}

TEST(IntegratedGradients, IsCompleteOnASmoothNetwork) {
  const nn::Network net = smooth_net();
  const at::Tensor images = noise({3, 2, 5, 5}, 2);
  const auto targets = labels({0, 2, 3});
  const IntegratedGradients gauss{.steps = 30, .rule = Quadrature::gauss_legendre};
  const Attribution found = attribute(net, images, targets, gauss);
  const at::Tensor black = at::zeros({2, 5, 5}, at::kDouble);
  for (std::int64_t n = 0; n < 3; ++n) {
    const auto target = targets[n].item<std::int64_t>();
    const double change = logit(net, images[n], target) - logit(net, black, target);
    EXPECT_NEAR(found.maps[n].sum().item<double>(), change, 1e-9);
    EXPECT_NEAR(found.completeness_gap[n].item<double>(), 0, 1e-9);
  }
  // A right Riemann sum is off by about the change of the slope over 2n: the gap says so.
  const Attribution rough = attribute(net, images, targets, IntegratedGradients{.steps = 5});
  const double gap =
      rough.maps[0].sum().item<double>() - (logit(net, images[0], 0) - logit(net, black, 0));
  EXPECT_GT(std::abs(gap), 1e-6);
  EXPECT_NEAR(rough.completeness_gap[0].item<double>(), gap, 1e-12);
  EXPECT_THAT(rough.notes, ::testing::Contains(::testing::HasSubstr("largest completeness gap")));
}

TEST(IntegratedGradients, BaselinesAreWhatTheySay) {
  const nn::Network net = smooth_net();
  const at::Tensor images = noise({2, 2, 5, 5}, 3);
  const auto targets = labels({0, 1});
  const IntegratedGradients mean{.steps = 6, .baseline = PathBaseline::mean};
  IntegratedGradients given{.steps = 6};
  given.baselines = images.mean({2, 3}, true).expand_as(images).contiguous();
  const at::Tensor by_mean = attribute(net, images, targets, mean).maps;
  EXPECT_TRUE(by_mean.allclose(attribute(net, images, targets, given).maps, 1e-12, 1e-14));
  // From the image itself there is no way to go.
  given.baselines = images;
  EXPECT_EQ(attribute(net, images, targets, given).maps.abs().max().item<double>(), 0);
  given.baselines = noise({1, 2, 4, 4}, 1);
  EXPECT_THROW(attribute(net, images, targets, given), base::Error);
}

TEST(IntegratedGradients, SplitsIntoChunksWithoutAChange) {
  const nn::Network net = smooth_net();
  const at::Tensor images = noise({3, 2, 5, 5}, 4);
  const auto targets = labels({0, 1, 2});
  const IntegratedGradients options{.steps = 7};
  const at::Tensor one = attribute(net, images, targets, options, {.memory = 1}).maps;
  EXPECT_TRUE(one.allclose(attribute(net, images, targets, options).maps, 1e-12, 1e-14));
}

TEST(IntegratedGradients, PresetsAreTheLibraries) {
  EXPECT_EQ(integrated_gradients_preset("captum").rule, Quadrature::gauss_legendre);
  EXPECT_EQ(integrated_gradients_preset("captum").steps, 50);
  EXPECT_EQ(integrated_gradients_preset("pair").steps, 25);
  EXPECT_EQ(integrated_gradients_preset("paper").rule, Quadrature::right);
  EXPECT_THROW(integrated_gradients_preset("tf-keras-vis"), base::Error);
}

}  // namespace
}  // namespace ranklens::explain
