#include "ranklens/nn/fusion.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/nn/builder.h"
#include "ranklens/nn/fused/relu_norm.h"

#include "each_kernel_set.h"
#include "testing/close.h"
#include "testing/normal.h"

namespace ranklens::nn {
namespace {

using fused::ReluNorm;
using ranklens::testing::close;
using ranklens::testing::with_each_kernel_set;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using torch::autograd::grad;

struct NormCase {
  std::vector<std::int64_t> sizes;
  bool relu = true, pool = false, drop = false;
  at::ScalarType type = at::kFloat;
};

// A call with values that need gradients; batch norms see a mean that is not small.
ReluNorm norm_call_of(const NormCase& c) {
  ReluNorm call{.relu = c.relu, .eps = 1e-3, .pool = c.pool};
  // Some are zero, where ReLU lets no gradient through.
  const auto x = testing::normal_float(c.sizes, "x", 0.7);
  call.input = (x * (x.abs() > 0.2)).to(c.type).contiguous(at::MemoryFormat::ChannelsLast);
  call.weight = testing::normal_float({c.sizes[1]}, "weight", 0.3);
  call.bias = testing::normal_float({c.sizes[1]}, "bias");
  if (c.drop) {
    call.keep = base::Stream(1, "dropout")
                    .bernoulli_mask({c.sizes[0], c.sizes[1], c.sizes[2] / 2, c.sizes[3] / 2}, 0.7);
    call.factor = 1 / 0.7;
  }
  for (auto* t : {&call.input, &call.weight, &call.bias}) t->requires_grad_(true);
  return call;
}

std::vector<at::Tensor> gradients(const ReluNorm& call, const fused::Normalised& done) {
  const auto towards =
      testing::normal_float(done.output.sizes(), "towards").to(done.output.scalar_type());
  return grad({done.output}, {call.input, call.weight, call.bias}, {towards});
}

void expect_operators_agree_of_set(const NormCase& c) {
  const auto call = norm_call_of(c);
  ASSERT_TRUE(fused::supported(call));
  const auto ours = fused::relu_norm(call);
  const auto theirs = fused::relu_norm_by_operators(call);
  // libtorch rounds between the steps to bfloat16, the kernels do not.
  const double tolerance = c.type == at::kFloat ? 2e-5 : 3e-2;
  const auto agree = [&](const at::Tensor& a, const at::Tensor& b) {
    const double size = b.abs().max().item<double>();
    return close(a.to(at::kFloat), b.to(at::kFloat), tolerance, tolerance * (size + 1e-3));
  };
  EXPECT_TRUE(ours.output.is_contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT_TRUE(agree(ours.output, theirs.output));
  EXPECT_TRUE(agree(ours.mean, theirs.mean));
  EXPECT_TRUE(agree(ours.inverse_std, theirs.inverse_std));
  const auto a = gradients(call, ours), b = gradients(call, theirs);
  for (std::size_t k = 0; k < 3; ++k) EXPECT_TRUE(agree(a[k], b[k])) << "gradient " << k;
}

void expect_operators_agree(const NormCase& c) {
  with_each_kernel_set([&] { expect_operators_agree_of_set(c); });
}

TEST(ReluNorm, AgreesWithTheOperators) {
  for (const bool relu : {true, false}) {
    for (const std::vector<std::int64_t>& sizes : {std::vector<std::int64_t>{5, 32, 8, 6},
                                                   {1, 16, 2, 2},
                                                   {3, 19, 7, 5},
                                                   {2, 3, 11, 1},
                                                   {40, 128, 8, 8},
                                                   {1, 1, 4, 4}}) {
      SCOPED_TRACE(::testing::PrintToString(sizes));
      expect_operators_agree({.sizes = sizes, .relu = relu});
    }
  }
}

TEST(ReluNorm, AgreesWithTheOperatorsBeforeAPoolAndADropout) {
  for (const bool drop : {true, false}) {
    for (const std::vector<std::int64_t>& sizes :
         {std::vector<std::int64_t>{5, 32, 8, 6}, {1, 16, 2, 2}, {3, 21, 6, 10}}) {
      SCOPED_TRACE(::testing::PrintToString(sizes));
      expect_operators_agree({.sizes = sizes, .pool = true, .drop = drop});
      expect_operators_agree({.sizes = sizes, .relu = false, .pool = true, .drop = drop});
    }
  }
}

TEST(ReluNorm, AgreesWithTheOperatorsInBfloat16) {
  expect_operators_agree({.sizes = {6, 35, 8, 8}, .type = at::kBFloat16});
}

TEST(ReluNorm, PoolsInBfloat16TheValuesThatItWouldStore) {
  auto call = norm_call_of({.sizes = {4, 32, 6, 6}, .type = at::kBFloat16});
  const auto whole = fused::relu_norm(call).output;
  call.pool = true;
  const auto pooled = fused::relu_norm(call).output;
  EXPECT_TRUE(at::equal(pooled, whole.unflatten(2, {3, 2}).unflatten(4, {3, 2}).amax({3, 5})));
}

TEST(ReluNorm, KeepsTheVarianceOfValuesFarFromZero) {
  auto call = norm_call_of({.sizes = {8, 16, 32, 32}});
  call.input = (call.input.detach() + 3000).contiguous(at::MemoryFormat::ChannelsLast);
  const auto found = fused::relu_norm(call);
  const auto exact = call.input.to(at::kDouble).transpose(0, 1).flatten(1);
  EXPECT_TRUE(close(found.inverse_std, (exact.var(1, false) + 1e-3).rsqrt().to(at::kFloat), 1e-5));
  EXPECT_TRUE(close(found.mean, exact.mean(1).to(at::kFloat), 1e-6));
}

TEST(ReluNorm, GivesTheSameBitsForAnyNumberOfThreads) {
  const auto call = norm_call_of({.sizes = {16, 32, 16, 16}, .pool = true, .drop = true});
  const auto threads = at::get_num_threads();
  const auto run = [&](int count) {
    at::set_num_threads(count);
    const auto done = fused::relu_norm(call);
    auto found = gradients(call, done);
    found.push_back(done.output);
    found.push_back(done.inverse_std);
    return found;
  };
  const auto one = run(1), three = run(3);
  at::set_num_threads(threads);
  for (std::size_t k = 0; k < one.size(); ++k) EXPECT_TRUE(at::equal(one[k], three[k])) << k;
}

TEST(ReluNorm, CanBeDifferentiatedTwice) {
  const auto call = norm_call_of({.sizes = {3, 4, 4, 4}, .pool = true, .drop = true});
  const auto second = [&](const fused::Normalised& done) {
    const auto square = done.output.square().sum();
    const auto first = grad({square}, {call.input, call.weight}, {}, true, true);
    const auto sum = first[0].square().sum() + first[1].square().sum();
    return grad({sum}, {call.input, call.weight, call.bias});
  };
  const auto a = second(fused::relu_norm(call)), b = second(fused::relu_norm_by_operators(call));
  for (std::size_t k = 0; k < 3; ++k) EXPECT_TRUE(close(a[k], b[k], 1e-3, 1e-3)) << k;
}

TEST(ReluNorm, LeavesWhatItCannotDoToTheOperators) {
  auto call = norm_call_of({.sizes = {2, 16, 5, 4}});
  call.pool = true;
  EXPECT_FALSE(fused::supported(call)) << "an odd height";
  call = norm_call_of({.sizes = {2, 16, 4, 4}, .type = at::kDouble});
  EXPECT_FALSE(fused::supported(call));
  call = norm_call_of({.sizes = {2, 16, 4, 4}});
  call.input = call.input.contiguous();
  EXPECT_FALSE(fused::supported(call)) << "channels first";
  call = norm_call_of({.sizes = {2, 16, 4, 4}});
  call.input = call.input.detach().select(0, 0);
  EXPECT_FALSE(fused::supported(call)) << "three dimensions";
  call = norm_call_of({.sizes = {2, 16, 4, 4}});
  const auto* kernels = kernels::table();
  kernels::use(nullptr);
  EXPECT_FALSE(fused::supported(call)) << "a processor without vectors";
  kernels::use(kernels);
}

Network cnn(std::int64_t size) {
  GraphBuilder g;
  auto x = g.input("image", {2, size, size});
  x = g.batch_norm("bn1", g.relu("relu1", g.conv2d("conv1", x, {.out = 16, .padding = 1})));
  x = g.batch_norm("bn2", g.relu("relu2", g.conv2d("conv2", x, {.out = 20, .padding = 1})));
  x = g.dropout("drop", g.max_pool2d("pool", x), 0.3);
  x = g.batch_norm("bn3", g.linear("fc", g.flatten("flatten", x), {.out = 6}));
  g.relu("last", x);
  return g.build(11);
}

std::vector<std::vector<std::size_t>> groups_of(const Network& net, const RunOptions& options) {
  std::vector<std::vector<std::size_t>> groups;
  for (const auto& group : fusible(net.graph.data(), options)) groups.push_back(group.nodes());
  return groups;
}

TEST(Fusion, JoinsWhatNobodyLooksInto) {
  const auto net = cnn(8);  // conv1 relu1 bn1 conv2 relu2 bn2 pool drop flatten fc bn3 last
  using Nodes = std::vector<std::size_t>;
  EXPECT_THAT(groups_of(net, {.mode = Mode::train}),
              ElementsAre(Nodes{1, 2}, Nodes{4, 5, 6, 7}, Nodes{10}));
  EXPECT_THAT(groups_of(net, {.want = {"relu1", "bn2"}, .mode = Mode::train}),
              ElementsAre(Nodes{2}, Nodes{4, 5}, Nodes{10}));
  EXPECT_THAT(groups_of(net, {.want = {"pool"}, .mode = Mode::train}),
              ElementsAre(Nodes{1, 2}, Nodes{4, 5, 6}, Nodes{10}));
  EXPECT_THAT(groups_of(net, {}), IsEmpty());
  EXPECT_THAT(groups_of(net, {.mode = Mode::train, .batch_norm = BatchNormMode::frozen}),
              IsEmpty());
}

TEST(Fusion, LeavesValuesThatTwoNodesTakeAndOutputs) {
  GraphBuilder g;
  auto x = g.relu("relu", g.input("x", {4, 4, 4}));
  const auto y = g.batch_norm("bn", x);
  g.max_pool2d("pool", g.add("sum", x, y));
  EXPECT_THAT(groups_of(g.build(0), {.mode = Mode::train}), SizeIs(1));
  EXPECT_THAT(groups_of(g.build(0, {"pool", "bn"}), {.mode = Mode::train}).front(), SizeIs(1));
}

// A step with everything fused that can be, and one in which every value is wanted, so that
// nothing is: the same outputs, gradients and running statistics.
void expect_same_step(const Network& net, const at::Tensor& x) {
  const base::Stream random(7, "dropout");
  const Network leaves{net.graph, net.state.as_leaves()};
  const auto step = [&](const std::vector<std::string>& want, StateChange& change) {
    auto result = leaves.run(x, {.want = want, .mode = Mode::train, .random = &random});
    change = result.change;
    std::vector<at::Tensor> inputs;
    for (const auto& one : leaves.state.trainable()) inputs.push_back(one.tensor);
    auto found = grad({result.output().square().sum()}, inputs);
    found.push_back(result.output());
    return found;
  };
  StateChange fused_change, plain_change;
  const auto fused = step({}, fused_change), plain = step(net.graph.value_names(), plain_change);
  for (std::size_t k = 0; k < plain.size(); ++k) {
    const double size = plain[k].abs().max().item<double>();
    EXPECT_TRUE(close(fused[k], plain[k], 1e-4, 1e-4 * size + 1e-5)) << k;
  }
  ASSERT_EQ(fused_change.size(), plain_change.size());
  for (const auto& [name, tensor] : plain_change) {
    EXPECT_TRUE(close(fused_change.at(name), tensor, 1e-5, 1e-6)) << name;
  }
}

TEST(Fusion, ChangesNoResult) {
  for (const std::int64_t size : {8, 7}) {  // an odd size: the pool is not fused
    const auto net = cnn(size);
    const auto x = testing::normal_float({5, 2, size, size}, "image");
    expect_same_step(net, x);
    expect_same_step(net, x.contiguous(at::MemoryFormat::ChannelsLast));
  }
  expect_same_step(
      cnn(4),
      testing::normal_float({2, 2, 4, 4}, "image").contiguous(at::MemoryFormat::ChannelsLast));
}

}  // namespace
}  // namespace ranklens::nn
