#include <fmt/format.h>

#include "ranklens/nn/model_file.h"

#include "app/run.h"

namespace ranklens::app {
namespace {

class CompressCommand : public ::testing::Test {
 protected:
  /// LeNet5's first convolution has 20 x 1 x 5 x 5 numbers: full Tucker factors take 901.
  Args compress(const std::string& scheme, Args more = {}) const {
    Args args{"compress", "lenet5", "--scheme", scheme, "--out", out_, "--quiet"};
    args.insert(args.end(), more.begin(), more.end());
    return args;
  }

  TemporaryFolder folder_;
  std::string out_ = (folder_ / "small.safetensors").string();
};

TEST_F(CompressCommand, SaysWhatItLeftAsItWasAndWhy) {
  const std::string scheme = "conv1: tucker(r=20x1); head: low_rank(r=10)";
  const auto text = ranklens(compress(scheme));
  ASSERT_EQ(text.status, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("dense (tucker would take 901)"));
  const auto layers = answer_of(ranklens(compress(scheme, {"--json"})))["layers"];
  EXPECT_EQ(layers[0]["weight"], "dense");
  EXPECT_EQ(layers[0]["parameters"], 500);
  EXPECT_EQ(layers[0]["refused"]["weight"], "tucker(r=20x1)");
  EXPECT_EQ(layers[0]["refused"]["parameters"], 901);
  EXPECT_FALSE(layers[2].contains("refused"));
  EXPECT_TRUE(nn::read_model(out_).network.state.at("conv1.weight").weight.is_dense());
}

TEST_F(CompressCommand, StoresWhatIsLargerWhereThatIsAskedFor) {
  const auto answer =
      answer_of(ranklens(compress("conv1: tucker(r=20x1)", {"--even-if-larger", "--json"})));
  EXPECT_EQ(answer["layers"][0]["weight"], "tucker(r=20x1)");
  EXPECT_EQ(answer["layers"][0]["parameters"], 901);
  EXPECT_GT(answer["parameters"], answer["parameters_before"]);
}

TEST_F(CompressCommand, SaysWhereNothingIsSmaller) {
  Args args = compress("conv1: tucker(r=20x1)");
  args.pop_back();  // --quiet
  EXPECT_THAT(ranklens(args).err, HasSubstr("nothing is smaller in the formats asked for"));
  args = compress("conv1: tucker(r=20x1); head: low_rank(r=10)");
  args.pop_back();
  EXPECT_THAT(ranklens(args).err, ::testing::Not(HasSubstr("nothing is smaller")));
}

// The examples of the help save something on every layer that they name.
TEST_F(CompressCommand, TheSecondExampleOfTheHelpSavesNumbers) {
  const auto help = ranklens({"compress", "--help"}).out;
  const std::string before = "best.safetensors --scheme '";
  const auto begin = help.find(before);
  ASSERT_NE(begin, std::string::npos);
  const auto scheme = help.substr(begin + before.size(),
                                  help.find('\'', begin + before.size()) - begin - before.size());
  const auto answer = answer_of(ranklens({"compress", "cnn-dense", "--width", "8", "--scheme",
                                          scheme, "--out", out_, "--quiet", "--json"}));
  EXPECT_LT(answer["parameters"], answer["parameters_before"]);
  EXPECT_LT(answer["flops"], answer["flops_before"]);
  for (const auto& layer : answer["layers"]) {
    EXPECT_FALSE(layer.contains("refused")) << layer;
    if (layer["layer"] != "classifier") {
      EXPECT_NE(layer["weight"], "dense") << layer;
    }
  }
}

TEST_F(CompressCommand, ARatioIsOfAllFormats) {
  EXPECT_THAT(ranklens({"compress", "--help"}).out, HasSubstr("formats and ranks of all layers"));
  const auto answer = answer_of(ranklens(compress("auto(ratio=0.2)", {"--json"})));
  EXPECT_LT(answer["parameters"], 0.25 * answer["parameters_before"].get<double>());
}

}  // namespace
}  // namespace ranklens::app
