// Networks with weights in factors as the command line trains them: a compressed one at the rank it
// was given, and what is said where an optimiser does not know what factors stand for.
#include <sstream>

#include <ATen/ops/linalg_vector_norm.h>

#include "ranklens/base/files.h"
#include "ranklens/nn/model_file.h"

#include "app/run.h"

namespace ranklens::app {
namespace {

/// Two epochs of a perceptron, or of a model file, in the folder `out`.
Finished two_epochs(const std::string& model, const fs::path& out, const Args& more) {
  return ranklens(joined({"train", model, "--data", "scenes:train=40,test=20", "--epochs", "2",
                          "--batch", "20", "--threads", "1", "--out", out.string()},
                         more));
}

nn::Weight first_weight(const fs::path& file) {
  return nn::read_model(file).network.state.at("fc1.weight").weight;
}

TEST(LowRankTrain, ACompressedNetworkKeepsItsRankWhereThatIsFixed) {
  const TemporaryFolder folder;
  const auto dense = two_epochs("mlp", folder / "dense", {"--hidden", "16"});
  ASSERT_EQ(dense.status, 0) << dense.err;
  const auto small = folder / "small.safetensors";
  ASSERT_EQ(ranklens({"compress", (folder / "dense/last.safetensors").string(), "--scheme",
                      "fc1: low_rank(r=3)", "--out", small.string(), "--quiet"})
                .status,
            0);
  const auto begun = first_weight(small);
  ASSERT_EQ(begun->spec(), "low_rank(r=3)");
  const auto trained =
      two_epochs(small.string(), folder / "run", {"--optimiser", "fixed_bug(lr=5e-3)"});
  ASSERT_EQ(trained.status, 0) << trained.err;
  for (const char* name : {"best.safetensors", "last.safetensors"}) {
    const auto ended = first_weight(folder / "run" / name);
    EXPECT_EQ(ended->spec(), "low_rank(r=3)") << name;
    EXPECT_EQ(ended->parameters(), 3 * (16 + 3 * 32 * 32)) << name;
    const auto moved = at::linalg_vector_norm(ended->dense() - begun->dense());
    EXPECT_GT(moved.item<double>(), 1e-3) << name;
  }
  std::istringstream steps(base::read_file(folder / "run/steps.jsonl"));
  int count = 0;
  for (std::string line; std::getline(steps, line); ++count) {
    EXPECT_EQ(nlohmann::json::parse(line)["observed"]["rank/fc1.weight"], 3) << "step " << count;
  }
  EXPECT_EQ(count, 4);
  // Neither had factors that are moved one by one.
  EXPECT_EQ(dense.err, "");
  EXPECT_EQ(trained.err, "");
}

TEST(LowRankTrain, SaysThatFactorsAreMovedOneByOneUnlessQuiet) {
  const TemporaryFolder folder;
  const Args adam{"--hidden",           "16",          "--layers",
                  "fc1: low_rank(r=3)", "--optimiser", "adam(lr=1e-3)"};
  const auto said = two_epochs("mlp", folder / "said", adam);
  EXPECT_EQ(said.status, 0);
  EXPECT_THAT(said.err,
              ::testing::StartsWith(
                  "ranklens: adam moves the factors of 'fc1.weight' one by one, in steps"));
  EXPECT_EQ(std::count(said.err.begin(), said.err.end(), '\n'), 1) << said.err;
  const auto quiet = two_epochs("mlp", folder / "quiet", joined(adam, {"--quiet"}));
  EXPECT_EQ(quiet.status, 0);
  EXPECT_EQ(quiet.err, "");
}

}  // namespace
}  // namespace ranklens::app
