#include <cmath>

#include <ATen/ops/equal.h>
#include <ATen/ops/zeros_like.h>

#include "ranklens/base/npy.h"
#include "ranklens/data/open.h"
#include "ranklens/nn/model_file.h"
#include "ranklens/nn/zoo/zoo.h"

#include "app/run.h"

namespace ranklens::app {
namespace {

const std::string scenes = "scenes:train=30,test=40";

/// A network that answers class `answer` with certainty, whatever it sees: the share of that class
/// is its accuracy.
void write_constant(const std::string& path, std::int64_t answer, double logit) {
  auto network = nn::zoo::make("mlp", {.channels = 3, .size = 32, .hidden = {2}});
  for (const auto& name : network.state.names()) {
    network.state.set_tensor(name, at::zeros_like(network.state.tensor(name)));
  }
  network.state.tensor("classifier.bias")[answer].fill_(logit);
  nn::write_model(path, {.network = network});
}

TEST(Evaluate, AccuracyAndLossHaveTheirClosedForm) {
  const TemporaryFolder folder;
  const auto file = (folder / "m.safetensors").string();
  write_constant(file, 3, 2.0);
  const auto found = answer_of(ranklens({"evaluate", file, "--data", scenes, "--json"}));
  const auto set = data::open(scenes, {.split = data::Split::test});
  const double share = set.labels.eq(3).to(at::kDouble).mean().item<double>();
  EXPECT_EQ(found["count"], 40);
  EXPECT_EQ(found["data_hash"], set.hash);
  EXPECT_NEAR(found["accuracy"].get<double>(), share, 1e-12);
  // Nine classes with logit 0, one with 2.
  EXPECT_NEAR(found["loss"].get<double>(), std::log(9 + std::exp(2.0)) - 2 * share, 1e-6);
  for (const std::string type : {"float64", "bfloat16"}) {
    const auto again =
        answer_of(ranklens({"evaluate", file, "--data", scenes, "--dtype", type, "--json"}));
    EXPECT_NEAR(again["loss"].get<double>(), found["loss"].get<double>(), 1e-3) << type;
  }
}

TEST(Evaluate, ABuiltInNetworkIsFittedToTheDataAndSaidToKnowNothing) {
  const auto done = ranklens({"evaluate", "cnn-dense", "--width", "8", "--data", scenes, "--grey",
                              "--split", "train", "--limit", "20", "--json"});
  EXPECT_EQ(answer_of(done)["count"], 20);
  EXPECT_THAT(done.err, HasSubstr("has learnt nothing"));
}

TEST(Evaluate, BadInputIsOneSentence) {
  const TemporaryFolder folder;
  const auto file = (folder / "m.safetensors").string();
  nn::write_model(file, {.network = nn::zoo::make("mlp", {.channels = 1, .size = 32})});
  expect_complaint(ranklens({"evaluate", file, "--data", scenes}), 2,
                   "takes images of [1, 32, 32]");
  expect_complaint(ranklens({"evaluate", file}), 2, "--data is required");
  expect_complaint(ranklens({"evaluate", file, "--data", "cifar10:/nowhere"}), 2, "/nowhere");
  expect_complaint(ranklens({"evaluate", file, "--data", "cifar:x"}), 2, "nearest: 'cifar10'");
  expect_complaint(ranklens({"evaluate", "cnn", "--data", scenes}), 2, "'cnn'; nearest: 'cnn-tt'");

  const std::string d = (folder / "d").string();
  make_scenes(d, 10);
  auto images = base::read_npy(d + "/images.npy");
  images[3][0][5][5].fill_(std::nan(""));
  base::write_npy(d + "/images.npy", images);
  expect_complaint(ranklens({"evaluate", "mlp", "--data", "npy:" + d, "--split", "all"}), 2, d);
}

TEST(Evaluate, AWeightThatIsNoNumberIsNamed) {
  const TemporaryFolder folder;
  const auto file = (folder / "m.safetensors").string();
  write_constant(file, 3, std::nan(""));
  expect_complaint(ranklens({"evaluate", file, "--data", scenes}), 2,
                   "the weight 'classifier.bias' of '" + file + "' holds a value that is not a");
}

TEST(Methods, ListsEverythingThatCommandsTake) {
  const auto list = answer_of(ranklens({"methods", "--json"}));
  EXPECT_EQ(list["methods"][0]["name"], "gradcam");
  EXPECT_THAT(list["methods"][0]["presets"], ::testing::Contains("tf-keras-vis"));
  EXPECT_THAT(list["methods"][0]["options"], ::testing::Contains("layer"));
  EXPECT_EQ(list["networks"].size(), nn::zoo::list().size());
  for (const auto& format : list["formats"]) {  // each example is one that a network takes
    const auto spec = format["example"].get<std::string>();
    EXPECT_EQ(ranklens({"info", "cnn-dense", "--head", spec}).status, 0) << spec;
  }
}

}  // namespace
}  // namespace ranklens::app
