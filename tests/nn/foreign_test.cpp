#include "ranklens/nn/foreign.h"

#include <set>

#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ranklens/nn/builder.h"
#include "ranklens/nn/zoo/zoo.h"

#include "testing/expect_error.h"
#include "testing/temporary_folder.h"

namespace ranklens::nn {
namespace {

using ranklens::testing::expect_error;
using ranklens::testing::TemporaryFolder;

// The keys of torchvision.models.resnet18().state_dict(), from the structure of He et al. 2016,
// table 1.
std::set<std::string> torchvision_resnet18_keys() {
  std::set<std::string> keys{"conv1.weight", "fc.weight", "fc.bias"};
  const auto norm = [&](const std::string& name) {
    for (const auto* part :
         {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"}) {
      keys.insert(name + "." + part);
    }
  };
  norm("bn1");
  for (int layer = 1; layer <= 4; ++layer) {
    for (int block = 0; block < 2; ++block) {
      const auto name = fmt::format("layer{}.{}.", layer, block);
      for (int conv = 1; conv <= 2; ++conv) {
        keys.insert(fmt::format("{}conv{}.weight", name, conv));
        norm(fmt::format("{}bn{}", name, conv));
      }
      if (layer > 1 && block == 0) {
        keys.insert(name + "downsample.0.weight");
        norm(name + "downsample.1");
      }
    }
  }
  return keys;
}

TEST(StateDict, Resnet18HasTorchvisionsKeysAndShapes) {
  const auto dict = state_dict(zoo::resnet18({}));
  std::set<std::string> keys;
  for (const auto& [name, tensor] : dict) keys.insert(name);
  EXPECT_EQ(keys.size(), 122U);
  EXPECT_EQ(keys, torchvision_resnet18_keys());
  EXPECT_EQ(dict.at("layer3.0.downsample.0.weight").sizes(), (Shape{256, 128, 1, 1}));
  EXPECT_EQ(dict.at("layer4.1.conv2.weight").sizes(), (Shape{512, 512, 3, 3}));
  EXPECT_EQ(dict.at("bn1.num_batches_tracked").scalar_type(), at::kLong);
}

Network small(std::uint64_t seed, const std::string& weight = "dense") {
  GraphBuilder g;
  auto x = g.input("image", {1, 4, 4});
  x = g.batch_norm("bn", g.conv2d("conv", x, {.out = 2, .kernel = 3}));
  g.linear("fc", g.flatten("flat", x), {.out = 3, .weight = weight});
  return g.build(seed);
}

TEST(StateDict, ThroughBothKindsOfFile) {
  const TemporaryFolder folder;
  const auto source = small(1);
  for (const auto* name : {"x.pth", "x.pt", "x.safetensors"}) {
    write_state_dict_file(folder / name, state_dict(source));
    const auto read = with_state_dict(small(2), read_state_dict_file(folder / name));
    for (const auto& entry : source.state.names()) {
      EXPECT_TRUE(at::equal(read.state.tensor(entry), source.state.tensor(entry))) << entry;
    }
  }
  expect_error([&] { write_state_dict_file(folder / "x.h5", {}); }, ".safetensors, .pth or .pt");
}

TEST(StateDict, TheGivenNetworkIsNotTouched) {
  const auto target = small(2);
  const auto before = target.state.tensor("fc.weight").clone();
  const auto loaded = with_state_dict(target, state_dict(small(1)));
  EXPECT_TRUE(at::equal(target.state.tensor("fc.weight"), before));
  EXPECT_FALSE(at::equal(loaded.state.tensor("fc.weight"), before));
}

TEST(StateDict, DataParallelPrefixAndOtherTypes) {
  const auto source = small(1);
  StateDict prefixed;
  for (const auto& [name, tensor] : state_dict(source)) {
    prefixed["module." + name] = tensor.is_floating_point() ? tensor.to(at::kDouble) : tensor;
  }
  const auto read = with_state_dict(small(2), prefixed);
  EXPECT_EQ(read.state.tensor("conv.weight").scalar_type(), at::kFloat);
  EXPECT_TRUE(at::equal(read.state.tensor("conv.weight"), source.state.tensor("conv.weight")));
}

TEST(StateDict, FactorisedWeightsMultipliedOutOrAsTheyAre) {
  const auto source = small(1, "low_rank(r=2)");
  const auto dense = state_dict(source);
  EXPECT_EQ(dense.at("fc.weight").sizes(), (Shape{3, 8}));
  const auto in_dense = with_state_dict(small(2), dense);
  const auto image = at::full({2, 1, 4, 4}, 0.5);
  EXPECT_TRUE(at::allclose(in_dense(image), source(image), 1e-5, 1e-6));
  const auto factors = state_dict(source, true);
  EXPECT_TRUE(factors.contains("fc.weight.U"));
  const auto read = with_state_dict(small(2, "low_rank(r=2)"), factors);
  EXPECT_TRUE(at::equal(read(image), source(image)));
}

TEST(StateDict, NamesWhatDoesNotFit) {
  const auto network = small(1);
  auto dict = state_dict(network);
  dict["conv.weight"] = at::zeros({2, 1, 5, 5});
  expect_error(
      [&] { with_state_dict(network, dict); },
      "the tensor 'conv.weight' has the shape (2, 1, 5, 5), but this network needs (2, 1, 3, 3)");
  dict = state_dict(network);
  dict["head.weight"] = dict.at("fc.weight");
  expect_error([&] { with_state_dict(network, dict); },
               "has 'head.weight', which this network does not");
  dict.erase("fc.weight");
  expect_error([&] { with_state_dict(network, dict); },
               "lacks 'fc.weight'; it has 'head.weight' instead");
  expect_error([&] { with_state_dict(network, {}); }, "and 5 more");
}

}  // namespace
}  // namespace ranklens::nn
