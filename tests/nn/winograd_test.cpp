#include "ranklens/nn/fused/winograd.h"

#include <cstdlib>

#include <ATen/Parallel.h>
#include <ATen/ops/equal.h>
#include <gmock/gmock.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/nn/builder.h"

#include "each_kernel_set.h"
#include "testing/close.h"
#include "testing/normal.h"

namespace ranklens::nn {
namespace {

using fused::Convolution;
using fused::Convolutions;
using ranklens::testing::close;
using ranklens::testing::with_each_kernel_set;
using torch::autograd::grad;

constexpr auto channels_last = at::MemoryFormat::ChannelsLast;
constexpr ConvGeometry one_around{.top = 1, .left = 1, .bottom = 1, .right = 1};

struct ConvolutionCase {
  std::int64_t batch = 4, in = 16, out = 16, height = 16, width = 16;
  at::ScalarType type = at::kFloat;
  bool bias = true;
};

Convolution call_of(const ConvolutionCase& c) {
  Convolution call;
  call.input = testing::normal_float({c.batch, c.in, c.height, c.width}, "x")
                   .to(c.type)
                   .contiguous(channels_last);
  call.weight = testing::normal_float({c.out, c.in, 3, 3}, "weight").to(c.type);
  if (c.bias) call.bias = testing::normal_float({c.out}, "bias").to(c.type);
  for (auto* t : {&call.input, &call.weight, &call.bias}) {
    if (t->defined()) t->requires_grad_(true);
  }
  return call;
}

std::vector<at::Tensor> results(const Convolution& call, const at::Tensor& y) {
  const auto towards =
      testing::normal_float(y.sizes(), "towards").to(y.scalar_type()).contiguous(channels_last);
  std::vector<at::Tensor> inputs{call.input, call.weight};
  if (call.bias.defined()) inputs.push_back(call.bias);
  auto all = grad({y}, inputs, {towards});
  all.push_back(y);
  return all;
}

// Both against the exact result in float64: largest error, relative to the largest value.
void expect_agreement_of_set(const ConvolutionCase& c, double tolerance) {
  const auto call = call_of(c);
  ASSERT_TRUE(fused::supported(call, one_around));
  const auto exactly = [](const at::Tensor& t) {
    return t.defined() ? t.detach().to(at::kDouble).requires_grad_(true) : t;
  };
  const Convolution exact{exactly(call.input), exactly(call.weight), exactly(call.bias)};
  const auto ours = results(call, fused::convolution(call));
  const auto wanted = results(exact, fused::convolution_by_operator(exact));
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    const double size = wanted[k].abs().max().item<double>();
    EXPECT_TRUE(close(ours[k].to(at::kDouble), wanted[k], 0, tolerance * size)) << k;
  }
}

void expect_agreement(const ConvolutionCase& c, double tolerance) {
  with_each_kernel_set([&] { expect_agreement_of_set(c, tolerance); });
}

TEST(Winograd, AgreesWithTheExactConvolution) {
  expect_agreement({}, 1e-5);
  expect_agreement({.batch = 3, .in = 16, .out = 48, .height = 20, .width = 24}, 1e-5);
  expect_agreement({.batch = 1, .in = 32, .out = 16, .height = 4, .width = 256}, 1e-5);
  expect_agreement({.batch = 70, .in = 64, .out = 128, .height = 8, .width = 8, .bias = false},
                   1e-5);
  expect_agreement({.batch = 256, .in = 128, .out = 128, .height = 4, .width = 4}, 1e-5);
}

TEST(Winograd, RoundsOnlyWhatItStoresInBfloat16) {
  expect_agreement({.in = 32, .out = 32, .type = at::kBFloat16}, 1.0 / 256);
}

TEST(Winograd, GivesTheSameBitsAgain) {
  const auto call = call_of({.batch = 9, .in = 32, .out = 64});
  const auto threads = at::get_num_threads();
  for (const int count : {1, 3}) {
    at::set_num_threads(count);
    const auto a = results(call, fused::convolution(call));
    const auto b = results(call, fused::convolution(call));
    for (std::size_t k = 0; k < a.size(); ++k) EXPECT_TRUE(at::equal(a[k], b[k])) << k;
  }
  at::set_num_threads(threads);
}

TEST(Winograd, AgreesOnSeveralThreads) {
  const auto call = call_of({.batch = 9, .in = 32, .out = 64});
  const auto threads = at::get_num_threads();
  at::set_num_threads(1);
  const auto one = results(call, fused::convolution(call));
  at::set_num_threads(4);
  const auto four = results(call, fused::convolution(call));
  at::set_num_threads(threads);
  for (std::size_t k = 0; k < one.size(); ++k) EXPECT_TRUE(close(one[k], four[k], 1e-4, 1e-3)) << k;
}

TEST(Winograd, CanBeDifferentiatedTwice) {
  const auto call = call_of({});
  const auto second = [&](const at::Tensor& y) {
    const auto first = grad({y.square().sum()}, {call.input, call.weight}, {}, true, true);
    const auto sum = first[0].square().sum() + first[1].square().sum();
    return grad({sum}, {call.input, call.weight, call.bias});
  };
  const auto a = second(fused::convolution(call));
  const auto b = second(fused::convolution_by_operator(call));
  for (std::size_t k = 0; k < a.size(); ++k) {
    EXPECT_TRUE(close(a[k], b[k], 0, 1e-4 * b[k].abs().max().item<double>())) << k;
  }
}

TEST(Winograd, LeavesWhatItCannotDoToTheOperator) {
  const auto refuses = [](const ConvolutionCase& c, const ConvGeometry& geometry = one_around) {
    return !fused::supported(call_of(c), geometry);
  };
  EXPECT_FALSE(refuses({}));
  EXPECT_TRUE(refuses({.in = 8}));
  EXPECT_TRUE(refuses({.out = 24}));
  EXPECT_TRUE(refuses({.batch = 8, .height = 18}));
  EXPECT_TRUE(refuses({.batch = 1})) << "too few tiles";
  EXPECT_TRUE(refuses({.type = at::kDouble}));
  EXPECT_TRUE(refuses({}, {.stride = 2, .top = 1, .left = 1, .bottom = 1, .right = 1}));
  EXPECT_TRUE(refuses({}, {.top = 1, .left = 1, .bottom = 1, .right = 0}));
  auto call = call_of({});
  call.input = call.input.detach().contiguous();
  EXPECT_FALSE(fused::supported(call, one_around)) << "channels first";
}

TEST(Winograd, ServesTrainingOnly) {
  GraphBuilder g;
  g.conv2d("conv", g.input("image", {16, 16, 16}), {.out = 16, .padding = 1});
  const auto net = g.build(3);
  const auto x = testing::normal_float({8, 16, 16, 16}, "x").contiguous(channels_last);
  const auto training = [&] { return net.run(x, {.mode = Mode::train}).output(); };
  const auto direct = net.run(x).output(), tiles = training();
  EXPECT_FALSE(at::equal(direct, tiles));
  EXPECT_TRUE(close(direct, tiles, 1e-4, 1e-4));
  fused::set_convolutions(Convolutions::direct);
  EXPECT_TRUE(at::equal(direct, training()));
  fused::set_convolutions(Convolutions::winograd);
}

}  // namespace
}  // namespace ranklens::nn
