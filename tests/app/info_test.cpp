#include <ATen/ops/equal.h>
#include <ATen/ops/zeros.h>

#include "ranklens/base/files.h"
#include "ranklens/base/safetensors.h"
#include "ranklens/nn/foreign.h"
#include "ranklens/nn/model_file.h"
#include "ranklens/nn/zoo/zoo.h"

#include "app/run.h"

namespace ranklens::app {
namespace {

TEST(Info, CountsTheHackathonsNetworks) {
  const auto dense = answer_of(ranklens({"info", "cnn-dense", "--json"}));
  EXPECT_EQ(dense["trainable"], 551146);  // as the notebooks print
  const auto tt = answer_of(ranklens({"info", "cnn-tt", "--json"}));
  EXPECT_EQ(tt["trainable"], 498282);
  EXPECT_EQ(answer_of(ranklens({"info", "resnet18", "--json"}))["parameters"], 11689512);
}

TEST(Info, NodesAddUpToTheTotals) {
  const auto info = answer_of(ranklens({"info", "cnn-tt", "--batch", "2", "--json"}));
  std::int64_t parameters = 0, flops = 0, bytes = 0;
  for (const auto& node : info["nodes"]) {
    parameters += node["parameters"].get<std::int64_t>();
    flops += node["flops"].get<std::int64_t>();
    bytes += node["activation_bytes"].get<std::int64_t>();
  }
  EXPECT_EQ(info["parameters"], parameters);
  EXPECT_EQ(info["flops"], flops);
  EXPECT_EQ(info["activation_bytes"], bytes);
  const auto& conv1 = info["nodes"][0];
  EXPECT_EQ(conv1["name"], "conv1");
  EXPECT_EQ(conv1["kind"], "conv2d");
  EXPECT_EQ(conv1["output"], nlohmann::json({2, 32, 32, 32}));
  EXPECT_EQ(conv1["parameters"], 320);
  EXPECT_EQ(conv1["flops"], 2 * 2 * 9 * 32 * 32 * 32);  // multiply and add, 2 images, 9 taps
  EXPECT_EQ(conv1["activation_bytes"], 4 * 2 * 32 * 32 * 32);
}

TEST(Info, TakesAFileToo) {
  const TemporaryFolder folder;
  const auto file = (folder / "m.safetensors").string();
  nn::write_model(file, {.network = nn::zoo::make("mlp", {.classes = 2, .hidden = {5}, .seed = 1}),
                         .labels = {"a", "b"}});
  const auto info = answer_of(ranklens({"info", file, "--json"}));
  EXPECT_EQ(info["parameters"], 784 * 5 + 5 + 5 * 2 + 2);
  EXPECT_EQ(info["labels"], nlohmann::json({"a", "b"}));
  EXPECT_EQ(info["origin"], "file");
  const auto text = ranklens({"info", file});
  EXPECT_THAT(text.out, HasSubstr("3937 parameters, 3937 of them trainable"));
}

TEST(Info, WritesAStateDictThatFitsAgain) {
  const TemporaryFolder folder;
  for (const std::string name : {"w.pth", "w.safetensors"}) {
    const auto file = (folder / name).string();
    ASSERT_EQ(ranklens({"info", "resnet18", "--seed", "3", "--state-dict", file}).status, 0);
    const auto tensors = nn::read_state_dict_file(file);
    EXPECT_TRUE(tensors.contains("layer1.0.bn1.num_batches_tracked"));
    const auto own = nn::zoo::make("resnet18", {.seed = 3}).state;
    EXPECT_TRUE(
        at::equal(tensors.at("layer4.1.conv2.weight"), own.tensor("layer4.1.conv2.weight")));
    EXPECT_EQ(ranklens({"info", "resnet18", "--weights", file}).status, 0);
  }
  expect_complaint(ranklens({"info", "mlp", "--state-dict", (folder / "w.bin").string()}), 2,
                   "is written as .safetensors, .pth or .pt");
  expect_complaint(ranklens({"info", "--state-dict", "w.pth"}), 2, "needs the network");
}

TEST(Info, ALabelForEachClassOrNone) {
  const TemporaryFolder folder;
  const auto file = (folder / "m.safetensors").string();
  nn::write_model(file, {.network = nn::zoo::make("mlp", {.hidden = {5}}), .labels = {"cat"}});
  expect_complaint(ranklens({"info", file}), 2,
                   "it names 1 classes, and its network tells 10 apart");
}

TEST(Info, ListsWhatIsBuiltIn) {
  const auto list = answer_of(ranklens({"info", "--json"}))["networks"];
  ASSERT_EQ(list.size(), nn::zoo::list().size());
  EXPECT_EQ(list[0]["name"], "cnn-dense");
  EXPECT_THAT(ranklens({"info"}).out, HasSubstr("efficientnet-lite0"));
}

TEST(Info, PlansTheWeightsInFactors) {
  const auto info = answer_of(ranklens({"info", "cnn-tt", "--plan", "--batch", "8", "--json"}));
  ASSERT_EQ(info["plan"].size(), 2U);
  const auto& head = info["plan"][0];
  EXPECT_EQ(head["layer"], "head");
  EXPECT_EQ(head["rows"], 8);
  EXPECT_EQ(head["dtype"], "float32");
  ASSERT_EQ(head["passes"].size(), 3U);
  for (const auto& layer : info["plan"]) {
    EXPECT_EQ(layer["passes"][2]["mode"], "low memory");
    EXPECT_EQ(layer["passes"][2]["kept_bytes"], 0) << layer;
  }
  EXPECT_GT(head["passes"][1]["backward_flops"], head["passes"][1]["forward_flops"]);
  const auto text = ranklens({"info", "cnn-tt", "--plan", "--batch", "8"}).out;
  EXPECT_THAT(text, HasSubstr("training, low memory"));
  EXPECT_THAT(text, HasSubstr("rows at once"));
  expect_complaint(ranklens({"info", "cnn-dense", "--plan"}), 2, "has no weight in factors");
  expect_complaint(ranklens({"info", "--plan"}), 2, "need the network");
}

TEST(Info, DrawsTheWeightsInFactors) {
  const TemporaryFolder folder;
  const auto svg = (folder / "n.svg").string(), tikz = (folder / "n.tikz").string();
  const auto info = answer_of(ranklens({"info", "cnn-tt", "--diagram", svg, "--json"}));
  ASSERT_EQ(info["diagrams"].size(), 2U);
  EXPECT_THAT(info["diagrams"][0]["diagram"].get<std::string>(),
              HasSubstr("tensor G1[o1:24, i1:16"));
  EXPECT_THAT(base::read_file(svg), HasSubstr("of size 24"));
  // The text is one that `diagram` reads.
  base::write_file(folder / "n.tn", info["diagrams"][1]["diagram"].get<std::string>());
  EXPECT_EQ(ranklens({"diagram", (folder / "n.tn").string(), "--svg", svg}).status, 0);
  EXPECT_EQ(ranklens({"info", "cnn-tt", "--diagram", tikz}).status, 0);
  EXPECT_THAT(base::read_file(tikz), HasSubstr("tikzpicture"));
  expect_complaint(ranklens({"info", "cnn-tt", "--diagram", "n.png"}), 2, ".svg or .tikz");
  expect_complaint(ranklens({"info", "cnn-dense", "--diagram", svg}), 2, "no weight in factors");
}

TEST(Info, BadModelsAreOneSentence) {
  const TemporaryFolder folder;
  expect_complaint(ranklens({"info", "resnet81"}), 2, "nearest: 'resnet18'");
  expect_complaint(ranklens({"info", "nowhere.safetensors"}), 2, "nowhere.safetensors");
  expect_complaint(ranklens({"info", (folder / "m").string()}), 2, "cannot read");
  expect_complaint(ranklens({"info", "cnn-tt", "--width", "12"}), 2, "a multiple of 8, not 12");
  expect_complaint(ranklens({"info", "cnn-tt", "--head", "dense"}), 2, "no format of its head");
  expect_complaint(ranklens({"info", "cnn-dense", "--head", "tt(r=2"}), 2, "tt(r=2");
  expect_complaint(ranklens({"info", "mlp", "--hidden", "5,x"}), 2, "--hidden");

  const auto file = (folder / "m.safetensors").string(), cut = (folder / "cut").string();
  nn::write_model(file, {.network = nn::zoo::make("mlp", {.hidden = {5}})});
  expect_complaint(ranklens({"info", file, "--width", "16"}), 2, "are for built-in networks");
  expect_complaint(ranklens({"info", file, "--layers", "*: low_rank(r=4)"}), 2,
                   "is a file: 'ranklens compress' stores its weights in factors");
  const auto bytes = base::read_file(file);
  for (const auto length : {std::size_t{0}, std::size_t{7}, std::size_t{500}, bytes.size() - 1}) {
    base::write_file(cut, bytes.substr(0, length));
    expect_complaint(ranklens({"info", cut}), 2, cut);
  }
  base::write_safetensors(cut, {.tensors = {{"a", at::zeros({2})}}, .metadata = {}});
  expect_complaint(ranklens({"info", cut}), 2, "holds tensors but no network");
}

TEST(Info, StateDictsFillABuiltInNetwork) {
  const TemporaryFolder folder;
  const auto file = (folder / "w.safetensors").string();
  const auto network = nn::zoo::make("mlp", {.hidden = {5}});
  base::Safetensors dict;
  for (const auto& [name, tensor] : network.state.tensors()) dict.tensors[name] = tensor;
  base::write_safetensors(file, dict);
  const auto info =
      answer_of(ranklens({"info", "mlp", "--hidden", "5", "--weights", file, "--json"}));
  EXPECT_EQ(info["origin"], "state dict");
  expect_complaint(ranklens({"info", "mlp", "--hidden", "6", "--weights", file}), 2, "fc1.weight");
  expect_complaint(ranklens({"info", "resnet18.pth"}), 2, "--weights resnet18.pth");
}

}  // namespace
}  // namespace ranklens::app
