#include <map>

#include <ATen/ops/rand.h>

#include "ranklens/base/files.h"
#include "ranklens/base/npy.h"
#include "ranklens/nn/model_file.h"
#include "ranklens/nn/zoo/zoo.h"

#include "app/run.h"

// Which folders a command may write to, and what it leaves where it cannot finish.
namespace ranklens::app {
namespace {

class Folders : public ::testing::Test {
 protected:
  Folders() {
    for (const std::uint64_t seed : {1, 2}) {
      nn::write_model(model(seed),
                      {.network = nn::zoo::make(
                           "cnn-dense", {.size = 16, .classes = 3, .width = 8, .seed = seed})});
    }
    base::write_npy(in("x.npy"), at::rand({2, 1, 16, 16}));
  }
  std::string in(const std::string& name) const { return (folder_ / name).string(); }
  std::string model(std::uint64_t seed) const { return in(std::to_string(seed) + ".safetensors"); }

  Args explain(const std::string& to, const Args& more = {}) const {
    return joined({"explain", model(1), "--images", in("x.npy"), "--out", to, "--threads", "1"},
                  more);
  }
  static Args make(const std::string& to, const Args& more = {}) {
    return joined({"data", "make", "scenes", "--count", "12", "--out", to}, more);
  }
  static Args train(const std::string& to, const Args& more = {}) {
    return joined({"train", "mlp", "--hidden", "4", "--data", "scenes:train=20,test=10", "--epochs",
                   "1", "--out", to, "--threads", "1"},
                  more);
  }
  static Args study(const std::string& to) {
    return {"study",     "--data",   "scenes:train=48,test=16",
            "--arms",    "dense",    "--seeds",
            "1",         "--epochs", "1",
            "--width",   "8",        "--batch",
            "16",        "--images", "test:2",
            "--methods", "gradcam",  "--out",
            to};
  }
  /// Names and bytes of all files in a folder.
  static std::map<std::string, std::string> contents(const std::string& folder) {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file())
        all[entry.path().lexically_relative(folder).string()] = base::read_file(entry.path());
    }
    return all;
  }
  /// The command is refused and the folder stays as it was.
  static void expect_refused(const Args& args, const std::string& folder, const std::string& part) {
    const auto before = contents(folder);
    expect_complaint(ranklens(args), 2, part);
    EXPECT_EQ(contents(folder), before) << part;
  }

  TemporaryFolder folder_;
};

TEST_F(Folders, MapsAreReplacedByTheSameMapsOnly) {
  const auto out = in("maps");
  ASSERT_EQ(ranklens(explain(out)).status, 0);
  EXPECT_EQ(ranklens(explain(out)).status, 0);
  const std::string other = "holds the result of 'ranklens explain' of another configuration: ";
  expect_refused(explain(out, {"--method", "gradcam,saliency"}), out, other + "methods is ");
  expect_refused(explain(out, {"--preset", "captum"}), out, other + "methods is ");
  expect_refused(explain(out, {"--target", "2", "--seed", "5"}), out,
                 other + "seed is 1 there and 5");
  expect_refused({"explain", model(2), "--images", in("x.npy"), "--out", out}, out,
                 other + "model_sha256 is ");
  base::write_npy(in("x.npy"), at::rand({2, 1, 16, 16}));
  expect_refused(explain(out), out, other + "images_sha256 is ");
  for (const auto& command : {train(out), make(out), study(out)})
    expect_refused(command, out, "holds the result of 'ranklens explain'; choose another folder");
}

TEST_F(Folders, ASetIsReplacedByTheSameSetOnly) {
  const auto out = in("set");
  ASSERT_EQ(ranklens(make(out)).status, 0);
  const auto images = base::read_file(out + "/images.npy");
  EXPECT_EQ(ranklens(make(out)).status, 0);
  EXPECT_EQ(base::read_file(out + "/images.npy"), images);
  const std::string other = "holds the result of 'ranklens data make' of another configuration: ";
  expect_refused(make(out, {"--seed", "9"}), out, other + "seed is 1 there and 9 here");
  expect_refused(make(out, {"--size", "16"}), out, other + "size is 32 there and 16 here");
  expect_refused(make(out, {"--shortcut", "class=1"}), out, other + "shortcut is ");
  for (const auto& command : {train(out), study(out)})
    expect_refused(command, out, "holds the result of 'ranklens data make'; choose another folder");
  EXPECT_EQ(ranklens(explain(out)).status, 0) << "maps may lie beside the images";
}

TEST_F(Folders, ATrainingAndAStudyAreNoPlaceForOtherResults) {
  const auto run = in("run"), studied = in("study");
  ASSERT_EQ(ranklens(train(run)).status, 0);
  for (const auto& command : {make(run), explain(run), study(run)})
    expect_refused(command, run, "holds the result of 'ranklens train'; choose another folder");
  fs::remove(run + "/manifest.json");  // as if it had been stopped
  expect_refused(explain(run), run, "is not empty ('best.safetensors' is there)");
  EXPECT_EQ(ranklens(train(run)).status, 0);

  ASSERT_EQ(ranklens(study(studied)).status, 0);
  for (const auto& command : {make(studied), explain(studied), train(studied)})
    expect_refused(command, studied, "holds the result of 'ranklens study'; choose another folder");
  fs::remove(studied + "/manifest.json");  // as earlier versions left it
  expect_refused(train(studied), studied, "is not empty (");
  EXPECT_EQ(ranklens(study(studied)).status, 0);
}

TEST_F(Folders, AFullDiskLeavesNoPartOfASet) {
  const auto out = in("set");
  // images.npy takes 147,584 bytes, masks.npy 12,416, classes.txt less.
  for (const auto limit : {rlim_t{10'000}, rlim_t{100'000}}) {
    expect_complaint(ranklens(make(out), {.largest_file = limit}), 1, "File too large");
    EXPECT_FALSE(fs::exists(out));
  }
  fs::create_directory(out);
  expect_complaint(ranklens(make(out), {.largest_file = 10'000}), 1, "File too large");
  EXPECT_TRUE(fs::is_empty(out));
}

TEST_F(Folders, AnInterruptLeavesNothing) {
  const Args args{"data", "make",      "scenes", "--count", "200000",   "--size",
                  "64",   "--threads", "1",      "--out",   in("large")};
  Process large(RANKLENS_BINARY, args);
  ASSERT_TRUE(wait_for(in("large")));
  large.signal(SIGINT);
  expect_complaint(large.wait(), 1, "interrupted");
  EXPECT_FALSE(fs::exists(in("large")));
}

}  // namespace
}  // namespace ranklens::app
