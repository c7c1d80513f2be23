// Every format of several factors, as a linear map and as a convolution: gradients of input, bias
// and factors against finite differences, second ones against the dense weight, and bfloat16.

#include <cmath>

#include <gmock/gmock.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/nn/init.h"
#include "ranklens/nn/weights/dense.h"
#include "ranklens/nn/weights/fixed_rank.h"

#include "testing/close.h"

namespace ranklens::nn {
namespace {

using ranklens::testing::close;

at::Tensor drawn_doubles(at::IntArrayRef sizes, const std::string& name) {
  return base::Stream(17, "test", name).normal(sizes, 0, 1, at::kDouble);
}

/// A weight and how it is used.
struct Use {
  std::string spec;
  Shape shape, input;
  ConvGeometry geometry = {};
};

constexpr ConvGeometry kStrided{.stride = 2, .top = 1, .left = 1, .bottom = 1, .right = 0};

const Use kUses[] = {
    {"low_rank(r=4)", {8, 12}, {3, 12}},
    {"low_rank with core", {8, 12}, {3, 12}},
    {"tt(out=2x4,in=4x3,r=3)", {8, 12}, {3, 12}},
    {"tt(out=2x2x2,in=2x3x2,r=3x2)", {8, 12}, {3, 12}},
    {"tucker(r=5x4)", {8, 12}, {3, 12}},
    {"cp(r=5)", {8, 12}, {3, 12}},
    {"low_rank(r=4)", {8, 6, 3, 3}, {2, 6, 5, 6}, kStrided},
    {"low_rank with core", {8, 6, 3, 3}, {2, 6, 5, 6}, kStrided},
    {"tt(out=4x2,in=9x6,r=3)", {8, 6, 3, 3}, {2, 6, 5, 6}, kStrided},
    {"tt(out=4x2,in=3x2,r=4x3)", {8, 6, 3, 3}, {2, 6, 5, 6}, kStrided},
    {"tucker(r=5x4)", {8, 6, 3, 3}, {2, 6, 5, 6}, kStrided},
    {"cp(r=5)", {8, 6, 3, 3}, {2, 6, 5, 6}, kStrided},
};

Weight weight_of(const Use& use) {
  const base::Stream stream(3, "init", use.spec);
  if (use.spec == "low_rank with core") {
    std::int64_t columns = 1;
    for (std::size_t k = 1; k < use.shape.size(); ++k) columns *= use.shape[k];
    return Weight(std::make_shared<FixedRank>(use.shape, drawn_doubles({use.shape[0], 4}, "u"),
                                              drawn_doubles({4, 4}, "s"),
                                              drawn_doubles({columns, 4}, "v")));
  }
  const auto fresh = initialise(use.shape, parse_weight_spec(use.spec),
                                {.kind = Init::Kind::normal, .std = 0.5}, stream);
  return map_factors(fresh, [](const auto& factor) { return factor.to(at::kDouble); });
}

/// Input, bias and factors; and what the weight makes of them.
struct Place {
  const Use& use;
  Weight weight = weight_of(use);
  std::vector<at::Tensor> values = {};

  explicit Place(const Use& which) : use(which) {
    values = {drawn_doubles(use.input, "x"), drawn_doubles({use.shape[0]}, "bias")};
    for (const auto& factor : weight->factors()) values.push_back(factor.tensor);
  }

  at::Tensor run(const std::vector<at::Tensor>& given, bool through_dense = false) const {
    const auto own = weight->with({given.begin() + 2, given.end()});
    const auto used = through_dense ? Weight(own->dense()) : own;
    return use.shape.size() == 2 ? used->linear(given[0], given[1])
                                 : used->conv2d(given[0], given[1], use.geometry);
  }

  std::vector<at::Tensor> leaves(at::ScalarType type = at::kDouble) const {
    std::vector<at::Tensor> copies;
    for (const auto& value : values)
      copies.push_back(value.to(type).clone().detach().requires_grad_());
    return copies;
  }
};

std::string name_of(const Use& use) {
  return use.spec + (use.shape.size() == 2 ? ", linear" : ", convolution");
}

TEST(WeightGradients, AreFiniteDifferences) {
  for (const auto& use : kUses) {
    const Place place(use);
    const auto leaves = place.leaves();
    const auto y = place.run(leaves);
    const auto dy = drawn_doubles(y.sizes(), "dy");
    const auto found = torch::autograd::grad({y}, leaves, {dy});
    for (std::size_t k = 0; k < leaves.size(); ++k) {
      const auto direction = drawn_doubles(leaves[k].sizes(), "direction");
      const auto value = [&](double step) {
        auto moved = place.values;
        moved[k] = moved[k] + step * direction;
        return (place.run(moved) * dy).sum().item<double>();
      };
      const double wanted = (value(1e-5) - value(-1e-5)) / 2e-5;
      EXPECT_NEAR((found[k] * direction).sum().item<double>(), wanted,
                  1e-7 * (1 + std::abs(wanted)))
          << name_of(use) << ", gradient " << k;
    }
  }
}

TEST(WeightGradients, SecondOnesAreThoseOfTheDenseWeight) {
  for (const auto& use : kUses) {
    const Place place(use);
    const auto leaves = place.leaves();
    const auto twice = [&](bool through_dense) {
      const auto y = place.run(leaves, through_dense);
      const auto first = torch::autograd::grad({y.pow(3).sum()}, leaves, {}, true, true);
      auto sum = at::zeros({}, at::kDouble);
      for (const auto& gradient : first) sum = sum + gradient.pow(2).sum();
      return torch::autograd::grad({sum}, leaves);
    };
    const auto found = twice(false), wanted = twice(true);
    for (std::size_t k = 0; k < found.size(); ++k) {
      EXPECT_TRUE(close(found[k], wanted[k], 1e-9, 1e-10 * wanted[k].abs().max().item<double>()))
          << name_of(use) << ", gradient " << k;
    }
  }
}

TEST(WeightGradients, InBFloat16AreTheExactOnesRounded) {
  for (const auto& use : kUses) {
    const Place place(use);
    const auto narrow = place.leaves(at::kBFloat16);
    auto exact = narrow;
    for (auto& leaf : exact) leaf = leaf.detach().to(at::kDouble).requires_grad_();
    const auto y = place.run(narrow), wanted = place.run(exact);
    EXPECT_EQ(y.scalar_type(), at::kBFloat16) << name_of(use);
    const auto near = [](const at::Tensor& a, const at::Tensor& b) {
      return close(a.to(at::kDouble), b, 0, 0.06 * b.abs().max().item<double>());
    };
    EXPECT_TRUE(near(y, wanted)) << name_of(use);
    const auto dy = drawn_doubles(y.sizes(), "dy").to(at::kBFloat16);
    const auto found = torch::autograd::grad({y}, narrow, {dy});
    const auto right = torch::autograd::grad({wanted}, exact, {dy.to(at::kDouble)});
    for (std::size_t k = 0; k < found.size(); ++k) {
      EXPECT_EQ(found[k].scalar_type(), at::kBFloat16);
      EXPECT_TRUE(near(found[k], right[k])) << name_of(use) << ", gradient " << k;
    }
  }
}

}  // namespace
}  // namespace ranklens::nn
