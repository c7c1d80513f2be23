#include "ranklens/nn/model_file.h"

#include <functional>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/files.h"
#include "ranklens/base/safetensors.h"
#include "ranklens/nn/builder.h"
#include "ranklens/nn/zoo/zoo.h"

#include "testing/expect_error.h"
#include "testing/temporary_folder.h"

namespace ranklens::nn {
namespace {

using ranklens::testing::TemporaryFolder;

// Convolution, batch norm, a split value, shared and factorised weights, two outputs.
Network small_network() {
  GraphBuilder g;
  auto x = g.input("image", {2, 4, 4});
  x = g.normalise("input.normalise", x, {0.5, 0.25}, {0.2, 0.3});
  x = g.relu("relu",
             g.batch_norm("bn", g.conv2d("conv", x, {.out = 4, .kernel = 3, .padding = 1})));
  g.add("parts", make_operator("split", {{"sizes", {1, 3}}, {"dim", 1}}), {x});
  x = g.flatten("flat", x);
  x = g.linear("low", x, {.out = 6, .weight = "low_rank(r=2)"});
  x = g.linear("train", x, {.out = 4, .weight = "tt(out=2x2,in=2x3,r=2)"});
  x = g.linear("last", x, {.out = 4});
  g.add("again", make_operator("linear", {{"in", 4}, {"out", 4}}), {x},
        {{"weight", {.share = "last.weight"}}, {"bias", {.share = "last.bias"}}});
  return g.build(3, {"again", "parts:1"});
}

TEST(ModelFile, RoundTripsGraphStateAndLabels) {
  const TemporaryFolder folder;
  const c10::NoGradGuard no_grad;
  Model model{small_network(), {"cat", "dog", "tree", "boat"}, {{"source", "here"}}};
  auto frozen = model.network.state.at("low.weight");
  frozen.trainable = false;
  model.network.state.set("low.weight", frozen);
  write_model(folder / "m.safetensors", model);
  const auto read = read_model(folder / "m.safetensors");
  EXPECT_EQ(read.labels, model.labels);
  EXPECT_EQ(read.metadata, model.metadata);
  EXPECT_EQ(read.network.state.names(), model.network.state.names());
  for (const auto& name : model.network.state.names()) {
    const auto& was = model.network.state.at(name);
    const auto& is = read.network.state.at(name);
    EXPECT_EQ(is.buffer, was.buffer) << name;
    EXPECT_EQ(is.trainable, was.trainable) << name;
    EXPECT_EQ(is.weight->spec(), was.weight->spec()) << name;
  }
  const auto image = at::rand({3, 2, 4, 4});
  const auto before = model.network.run(image, {.want = {"bn"}});
  const auto after = read.network.run(image, {.want = {"bn"}});
  ASSERT_EQ(after.outputs.size(), 2U);
  EXPECT_TRUE(at::equal(after.outputs[0], before.outputs[0]));
  EXPECT_TRUE(at::equal(after.outputs[1], before.outputs[1]));
  EXPECT_TRUE(at::equal(after.taps.at("bn"), before.taps.at("bn")));
  write_model(folder / "again.safetensors", read);
  EXPECT_EQ(base::read_file(folder / "m.safetensors"),
            base::read_file(folder / "again.safetensors"));
}

TEST(ModelFile, AsManyLabelsAsClasses) {
  const TemporaryFolder folder;
  write_model(folder / "m", {small_network(), {"cat", "dog"}, {}});
  ranklens::testing::expect_error([&] { read_model(folder / "m"); },
                                  "it names 2 classes, and its network tells 4 apart");
}

TEST(ModelFile, EveryBuiltInNetworkReadsBack) {
  const TemporaryFolder folder;
  for (const auto& [name, text] : zoo::list()) {
    if (name == "resnet18" || name == "efficientnet-lite0") continue;  // large; nothing new in them
    const auto network = zoo::make(name, {.width = name.starts_with("cnn") ? 16 : 0});
    write_model(folder / "m", {network});
    const auto read = read_model(folder / "m").network;
    ASSERT_EQ(read.state.tensors().size(), network.state.tensors().size());
    for (const auto& [tensor_name, tensor] : network.state.tensors()) {
      const auto tensors = read.state.tensors();
      const auto same = std::find_if(tensors.begin(), tensors.end(),
                                     [&](const NamedTensor& t) { return t.name == tensor_name; });
      ASSERT_NE(same, tensors.end()) << tensor_name;
      EXPECT_TRUE(at::equal(same->tensor, tensor)) << tensor_name;
    }
  }
}

TEST(ModelFile, OneTensorUnderTwoNamesIsStoredOnce) {
  const TemporaryFolder folder;
  Model model{small_network()};
  auto& state = model.network.state;
  state.replace("bn.bias", Weight(state.tensor("bn.weight")));
  write_model(folder / "m", model);
  EXPECT_FALSE(base::read_safetensors(folder / "m").tensors.contains("bn.bias"));
  const auto read = read_model(folder / "m").network.state;
  EXPECT_TRUE(read.tensor("bn.bias").is_alias_of(read.tensor("bn.weight")));
}

TEST(ModelFile, TellsModelsFromStateDicts) {
  const TemporaryFolder folder;
  base::write_safetensors(folder / "s", {.tensors = {{"w", at::zeros({1})}}, .metadata = {}});
  ranklens::testing::expect_error([&] { read_model(folder / "s"); },
                                  "it holds tensors but no network");
}

// A file of small_network() with its parts changed at will.
struct Parts {
  nlohmann::json graph;
  nlohmann::json weights;
  base::Safetensors file;
};

void expect_fault(const std::function<void(Parts&)>& change, const std::string& why) {
  const TemporaryFolder folder;
  write_model(folder / "m", {small_network()});
  Parts parts{{}, {}, base::read_safetensors(folder / "m")};
  parts.graph = nlohmann::json::parse(parts.file.metadata.at("ranklens.graph"));
  parts.weights = nlohmann::json::parse(parts.file.metadata.at("ranklens.weights"));
  change(parts);
  if (!parts.graph.is_null()) parts.file.metadata["ranklens.graph"] = parts.graph.dump();
  if (!parts.weights.is_null()) parts.file.metadata["ranklens.weights"] = parts.weights.dump();
  base::write_safetensors(folder / "m", parts.file);
  ranklens::testing::expect_error([&] { read_model(folder / "m"); }, why);
}

TEST(ModelFile, FaultsOfTheGraph) {
  const auto node = [](Parts& p, std::size_t k) -> nlohmann::json& { return p.graph["nodes"][k]; };
  expect_fault([&](Parts& p) { node(p, 1)["inputs"] = {"relu"}; }, "the graph is cyclic");
  expect_fault([&](Parts& p) { node(p, 3)["operator"] = "relv"; },
               "node 'relu': no operator is called 'relv'; nearest: 'relu'");
  expect_fault([&](Parts& p) { node(p, 3)["options"] = {{"slope", 1}}; }, "no option 'slope'");
  expect_fault([&](Parts& p) { node(p, 3)["inputs"] = {"bm"}; },
               "node 'relu' uses 'bm', which nothing computes; nearest: 'bn'");
  expect_fault([&](Parts& p) { node(p, 3)["name"] = "bn"; },
               "two values of the graph are called 'bn'");
  expect_fault([&](Parts& p) { node(p, 3).erase("name"); }, "node 3 of the graph has no 'name'");
  expect_fault([&](Parts& p) { node(p, 3)["inputs"] = 7; },
               "node 'relu' has a 'inputs' of the wrong");
  expect_fault([&](Parts& p) { node(p, 3)["code"] = "x"; }, "the key 'code' does not exist");
  expect_fault([&](Parts& p) { node(p, 3)["options"] = 3; }, "node 'relu'");
  for (const auto& place : {nlohmann::json(-1), nlohmann::json(0.5), nlohmann::json(1ULL << 63U)}) {
    const nlohmann::json options{{"operator", "aten::relu"}, {"arguments", {{{"input", place}}}}};
    expect_fault(
        [&](Parts& p) {
          node(p, 3)["operator"] = "aten";
          node(p, 3)["options"] = options;
        },
        "is no number of an input");
  }
  expect_fault([&](Parts& p) { p.graph["outputs"] = {"nowhere"}; }, "uses 'nowhere'");
  expect_fault([&](Parts& p) { p.graph["nodes"] = 3; }, "a 'nodes' that is no list");
  expect_fault([&](Parts& p) { p.graph = 3; }, "the graph is no object");
  expect_fault([&](Parts& p) { p.graph["inputs"][0]["shape"] = {2, 0, 4}; }, "has a size of 0");
  const auto many = 3'000'000'000;
  expect_fault([&](Parts& p) { p.graph["inputs"][0]["shape"] = {many, many, many}; },
               "has 3000000000x3000000000x3000000000 numbers, more than the 1099511627776");
  expect_fault(
      [&](Parts& p) {
        p.graph = nullptr;
        p.file.metadata["ranklens.graph"] = "{";
      },
      "the metadata 'ranklens.graph' is no valid JSON");
}

TEST(ModelFile, FaultsOfTheWeights) {
  const auto conv = [](Parts& p) -> nlohmann::json& { return p.weights[0]; };
  const auto low = [](Parts& p) -> nlohmann::json& {
    for (auto& entry : p.weights) {
      if (entry["name"] == "low.weight") return entry;
    }
    throw std::logic_error("no such entry");
  };
  expect_fault([](Parts& p) { p.file.tensors.erase("conv.weight"); },
               "the tensor 'conv.weight' is missing");
  expect_fault([](Parts& p) { p.file.tensors["extra"] = at::zeros({1}); },
               "the tensor 'extra' belongs to no weight");
  expect_fault([](Parts& p) { p.file.tensors["conv.weight"] = at::zeros({4, 2, 5, 5}); },
               "weight 'conv.weight' has shape 4x2x5x5, but node 'conv' needs 4x2x3x3");
  expect_fault([](Parts& p) { p.file.tensors["conv.weight"] = at::zeros({4, 2, 3, 3}, at::kLong); },
               "holds int64, not floating-point numbers");
  expect_fault(
      [&](Parts& p) {
        p.weights.erase(0);
        p.file.tensors.erase("conv.weight");
      },
      "node 'conv' needs the weight 'conv.weight', which is missing");
  expect_fault([&](Parts& p) { p.weights.push_back(conv(p)); }, "two weights are called");
  expect_fault([&](Parts& p) { low(p)["format"] = "lowrank"; },
               "weight 'low.weight': no weight format is called 'lowrank'; nearest: 'low_rank'");
  expect_fault([&](Parts& p) { conv(p).erase("format"); }, "weight 'conv.weight' has no 'format'");
  expect_fault([&](Parts& p) { low(p)["structure"].erase("shape"); }, "malformed structure");
  expect_fault([&](Parts& p) { low(p)["structure"]["shape"] = {1LL << 40, 1LL << 40}; },
               "impossible shape");
  expect_fault([&](Parts& p) { low(p)["structure"]["shape"] = nlohmann::json::array(); },
               "weight 'low.weight': ");
  expect_fault([&](Parts& p) { low(p)["tensors"] = {"U", "W"}; }, "'low.weight.W' is missing");
  expect_fault([&](Parts& p) { p.file.tensors["low.weight.U"] = at::zeros({6, 9}); },
               "weight 'low.weight': the factor V");
  expect_fault([](Parts& p) { p.file.metadata["ranklens.aliases"] = "[1]"; }, "wrong type");
  expect_fault(
      [](Parts& p) {
        p.file.metadata["ranklens.aliases"] = R"({"conv.weight": "gone"})";
        p.file.tensors.erase("conv.weight");
      },
      "'conv.weight' is missing (it is an alias of 'gone')");
  expect_fault([](Parts& p) { p.file.metadata["ranklens.labels"] = "{}"; }, "wrong type");
  expect_fault([](Parts& p) { p.file.metadata["ranklens.format"] = "9"; },
               "its format 9 is not known");
}

}  // namespace
}  // namespace ranklens::nn
