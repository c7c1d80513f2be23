// What a network trained with low memory holds between its passes, and that it learns the same.
#include "ranklens/nn/low_memory.h"

#include <ATen/ops/randn.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/base/files.h"
#include "ranklens/nn/builder.h"
#include "ranklens/nn/model_file.h"

#include "testing/peak_memory.h"
#include "testing/temporary_folder.h"

namespace ranklens::nn {
namespace {

using ranklens::testing::PeakMemory;

struct Formats {
  const char *conv, *linear;
};
/// The last: a kernel as one matrix, a linear map that is best rebuilt.
const Formats kEveryFormat[] = {{"low_rank(r=6)", "low_rank(r=40)"},
                                {"tucker(r=6x5)", "tucker(r=40x40)"},
                                {"cp(r=40)", "cp(r=40)"},
                                {"tt(out=4x4,in=4x2,r=4)", "tt(out=8x8,in=32x32,r=8)"},
                                {"tt(out=4x4,in=8x9,r=8)", "tt(out=8x8,in=32x32,r=60)"}};

Network network_of(const Formats& formats) {
  GraphBuilder g;
  auto x = g.input("image", {8, 8, 8});
  x = g.conv2d("conv", x, {.out = 16, .kernel = 3, .padding = 1, .weight = formats.conv});
  x = g.flatten("flatten", x);
  g.linear("head", x, {.out = 64, .weight = formats.linear});
  return g.build(1);
}

struct Learned {
  at::Tensor y;
  std::vector<at::Tensor> gradients;
  std::int64_t held = 0;  ///< between the passes, beside input and weights
};

Learned learned(const Network& network, const at::Tensor& images, const at::Tensor& dy, bool low) {
  const auto leaves = network.state.as_leaves();
  std::vector<at::Tensor> watched{images};
  for (const auto& one : leaves.trainable()) watched.push_back(one.tensor);
  PeakMemory memory;
  Learned found;
  found.y =
      run(network.graph, low ? with_low_memory(leaves) : leaves, {images}, {.mode = Mode::train})
          .output();
  found.held = memory.live();
  found.gradients = torch::autograd::grad({found.y}, watched, {dy});
  return found;
}

double difference(const at::Tensor& a, const at::Tensor& b) {
  return a.sub(b).abs().max().item<double>() / (1e-30 + b.abs().max().item<double>());
}

TEST(LowMemory, ANetworkHoldsItsLayersOutputsAloneAndLearnsTheSame) {
  at::manual_seed(1);
  constexpr std::int64_t batch = 64;
  const auto images = at::randn({batch, 8, 8, 8}).requires_grad_();
  const auto dy = at::randn({batch, 64});
  // The convolution's output, which is the input of the linear map, and that one's output.
  constexpr std::int64_t outputs = 4 * batch * (16 * 8 * 8 + 64);
  for (const auto& formats : kEveryFormat) {
    SCOPED_TRACE(std::string(formats.conv) + " " + formats.linear);
    const auto network = network_of(formats);
    const auto fast = learned(network, images, dy, false), low = learned(network, images, dy, true);
    EXPECT_LE(low.held, outputs + 4096);
    EXPECT_GE(low.held, outputs);
    EXPECT_GT(fast.held, low.held + 4096);
    EXPECT_LT(difference(low.y, fast.y), 1e-5);
    ASSERT_EQ(low.gradients.size(), fast.gradients.size());
    for (std::size_t k = 0; k < low.gradients.size(); ++k)
      EXPECT_LT(difference(low.gradients[k], fast.gradients[k]), 1e-4) << k;
  }
}

TEST(LowMemory, CanBeDifferentiatedTwice) {
  at::manual_seed(2);
  const auto images = at::randn({3, 8, 8, 8}, at::kDouble).requires_grad_();
  for (const auto& formats : kEveryFormat) {
    SCOPED_TRACE(std::string(formats.conv) + " " + formats.linear);
    const auto network = network_of(formats);
    const auto leaves = network.state.to(at::kDouble).as_leaves();
    std::vector<at::Tensor> watched{images};
    for (const auto& one : leaves.trainable()) watched.push_back(one.tensor);
    const auto twice = [&](const State& state) {
      const auto y = run(network.graph, state, {images}).output();
      const auto first = torch::autograd::grad({y.pow(2).sum()}, {images}, {}, true, true);
      return torch::autograd::grad({first[0].pow(2).sum()}, watched, {}, false, false, true);
    };
    const auto plain = twice(leaves), low = twice(with_low_memory(leaves));
    for (std::size_t k = 0; k < plain.size(); ++k) {
      ASSERT_EQ(plain[k].defined(), low[k].defined()) << k;
      if (!plain[k].defined()) continue;
      EXPECT_LT(difference(low[k], plain[k]), 1e-10) << k;
    }
  }
}

TEST(LowMemory, RowsOfATableAreComputedAgainToo) {
  GraphBuilder g;
  auto x = g.input("tokens", {5});
  g.embedding("table", x, {.rows = 64, .columns = 12, .weight = "tt(out=8x8,in=4x3,r=5)"});
  const auto network = g.build(1);
  const auto tokens = at::arange(0, 10, at::kLong).reshape({2, 5}).mul(6);
  const auto leaves = network.state.as_leaves();
  const auto gradients = [&](const State& state) {
    std::vector<at::Tensor> cores;
    for (const auto& one : leaves.trainable()) cores.push_back(one.tensor);
    return torch::autograd::grad({run(network.graph, state, {tokens}).output().pow(2).sum()},
                                 cores);
  };
  const auto plain = gradients(leaves), low = gradients(with_low_memory(leaves));
  for (std::size_t k = 0; k < plain.size(); ++k) EXPECT_LT(difference(low[k], plain[k]), 1e-6) << k;
}

TEST(LowMemory, IsNoPartOfTheWeight) {
  const ranklens::testing::TemporaryFolder folder;
  const auto network = network_of(kEveryFormat[3]);
  const auto frugal = with_low_memory(network.state);
  const auto &plain = network.state.at("head.weight").weight,
             &low = frugal.at("head.weight").weight;
  EXPECT_EQ(low->kind(), "tt");
  EXPECT_EQ(low->spec(), plain->spec());
  EXPECT_EQ(low->structure(), plain->structure());
  EXPECT_EQ(low->parameters(), plain->parameters());
  EXPECT_EQ(low->multiply_adds(), plain->multiply_adds());
  EXPECT_TRUE(low->dense().equal(plain->dense()));
  EXPECT_EQ(&*with_low_memory(low), &*low);
  EXPECT_TRUE(with_low_memory(at::randn({2, 2})).is_dense());
  // Nothing of it is written: one file or the other is the same.
  write_model(folder / "a.safetensors", {.network = network});
  write_model(folder / "b.safetensors", {.network = {network.graph, frugal}});
  EXPECT_EQ(base::read_file(folder / "a.safetensors"), base::read_file(folder / "b.safetensors"));
}

}  // namespace
}  // namespace ranklens::nn
