#include <cmath>

#include "ranklens/base/files.h"
#include "ranklens/nn/model_file.h"
#include "ranklens/nn/zoo/zoo.h"

#include "app/run.h"

namespace ranklens::app {
namespace {

TEST(EntropyOfANetwork, EveryCutOfEveryWeight) {
  const auto answer = answer_of(ranklens({"entropy", "cnn-tt-matched", "--width", "8", "--json"}));
  EXPECT_EQ(answer["model"], "cnn-tt-matched");
  EXPECT_EQ(answer["alpha"], 2);
  ASSERT_EQ(answer["layers"].size(), 8U);
  for (const auto& layer : answer["layers"]) {
    const bool train = layer["layer"] == "head";
    // The head's own modes are others than the balanced ones, by which all layers are compared.
    EXPECT_NE(layer["reshaped"], "");
    EXPECT_EQ(layer["cuts"][0]["series"], train ? "own bond 1" : "bond 1");
    EXPECT_EQ(layer["weight"] == "dense", !train);
    for (const auto& cut : layer["cuts"]) {
      const double entropy = cut["entropy"];
      EXPECT_GE(entropy, cut["renyi"].get<double>());  // falls with the order
      EXPECT_LE(entropy, std::log(cut["most"].get<double>()) + 1e-9);
      EXPECT_NEAR(cut["effective_rank"].get<double>(), std::exp(entropy), 1e-9);
      double sum = 0;
      for (const double s : cut["schmidt"]) sum += s * s;
      EXPECT_NEAR(sum, 1, 1e-9);
    }
  }
}

TEST(EntropyOfANetwork, APageWithItsPlotAndAFileLeftAsItWas) {
  const TemporaryFolder folder;
  const auto file = (folder / "m.safetensors").string(), page = (folder / "p.html").string();
  nn::write_model(file, {.network = nn::zoo::make("cnn-low-rank", {.width = 8, .seed = 3})});
  const auto before = base::read_file(file);
  const auto done = ranklens({"entropy", file, "--alpha", "1", "--report", page});
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(done.err, "");
  EXPECT_THAT(done.out, HasSubstr("outputs | inputs"));
  EXPECT_THAT(done.out, HasSubstr("conv1 8x1x3x3: dense, read as out=4x2, in=1x1"));
  EXPECT_THAT(done.out, HasSubstr("effective rank"));
  EXPECT_EQ(base::read_file(file), before);
  EXPECT_THAT(base::read_file(page), HasSubstr("Entropy by layer and cut"));
}

TEST(EntropyOfANetwork, BadUseIsOneSentence) {
  expect_complaint(ranklens({"entropy", "cnn-tt", "--modes", "--quiet"}), 2, "is a network");
  expect_complaint(ranklens({"entropy", "nothing"}), 2, "nothing");
  expect_complaint(ranklens({"entropy", "nowhere.safetensors"}), 2, "nowhere.safetensors");
}

}  // namespace
}  // namespace ranklens::app
