#include <ATen/ops/rand.h>

#include "ranklens/base/files.h"
#include "ranklens/base/npy.h"
#include "ranklens/nn/model_file.h"
#include "ranklens/nn/zoo/zoo.h"

#include "app/run.h"
#include "testing/put_file.h"

// Which files a command replaces: earlier results of its kind, and none that it reads.
namespace ranklens::app {
namespace {

class Outputs : public ::testing::Test {
 protected:
  Outputs() {
    nn::write_model(model_, {.network = nn::zoo::make(
                                 "cnn-dense", {.size = 16, .classes = 3, .width = 8, .seed = 1})});
    base::write_npy(in("x.npy"), at::rand({2, 1, 16, 16}));
    base::write_npy(in("a.npy"), at::rand({4, 4}));
    testing::put_file(in("d.tn"), "tensor A[i:2, j:3]\ndiagram d: A[i,j] -> i, j\n");
  }
  std::string in(const std::string& name) const { return (folder_ / name).string(); }

  /// The file stays as it is.
  static void expect_kept(const Args& args, const std::string& file, const std::string& part) {
    const auto before = base::read_file(file);
    expect_complaint(ranklens(args), 2, part);
    EXPECT_EQ(base::read_file(file), before) << part;
  }
  /// `args` with the flag: writes a new file, its own once more, and nobody else's.
  void expect_own_only(const Args& args, const std::string& flag, const std::string& name,
                       const std::string& part) const {
    const auto own = in(name), foreign = in("foreign-" + name);
    for (int k = 0; k < 2; ++k) {
      const auto done = ranklens(joined(args, {flag, own}));
      EXPECT_EQ(done.status, 0) << flag << ": " << done.err;
    }
    testing::put_file(foreign, "<svg>years of work {}");
    expect_kept(joined(args, {flag, foreign}), foreign,
                part + ": it is not replaced; give " + flag);
  }

  TemporaryFolder folder_;
  std::string model_ = in("model.safetensors");
};

TEST_F(Outputs, AFileIsReplacedByItsOwnKindOnly) {
  const Args decompose{"decompose", in("a.npy"), "--eps", "0.1"};
  expect_own_only(decompose, "--out", "a.safetensors", "holds no decomposed tensor");
  expect_own_only({"full", in("a.safetensors")}, "--out", "back.npy", "is no .npy file");
  expect_own_only({"round", in("a.safetensors"), "--ranks", "2"}, "--out", "b.safetensors",
                  "holds no decomposed tensor");
  expect_own_only({"contract", "ij->ji", in("a.npy")}, "--out", "c.npy", "is no .npy file");
  expect_own_only({"diagram", in("d.tn")}, "--out", "d.npy", "is no .npy file");
  expect_own_only({"diagram", in("d.tn")}, "--svg", "d.svg", "is no drawing of ranklens");
  expect_own_only({"diagram", in("d.tn")}, "--tikz", "d.tex", "is no drawing of ranklens");
}

TEST_F(Outputs, SoAreNetworksPagesAndStateDicts) {
  const Args compress{"compress", model_, "--scheme", "*: low_rank(r=2)"};
  expect_own_only(compress, "--out", "small.safetensors",
                  "holds no network that 'ranklens compress' wrote");
  expect_own_only({"info", model_}, "--state-dict", "m.pth",
                  "is no state dict as ranklens writes them");
  expect_own_only({"info", model_}, "--state-dict", "m.safetensors",
                  "is no state dict as ranklens writes them");
  expect_own_only({"info", in("small.safetensors")}, "--diagram", "m.svg",
                  "is no drawing of ranklens");
  expect_own_only({"entropy", model_}, "--report", "e.html", "is no page of ranklens");
  expect_own_only({"explain", model_, "--images", in("x.npy")}, "--report", "x.html",
                  "is no page of ranklens");
  const auto page = in("notation.html");
  testing::put_file(page, "<html>mine");
  expect_kept({"notation", "--out", folder_.path().string()}, page, "is no page of ranklens");
}

TEST_F(Outputs, ATrainedNetworkIsNotReplacedByACompressedOne) {
  const Args compress{"compress", model_, "--scheme", "*: low_rank(r=2)"};
  const auto other = in("other.safetensors");
  fs::copy_file(model_, other);
  expect_kept(joined(compress, {"--out", other}), other,
              "holds no network that 'ranklens compress'");
}

TEST_F(Outputs, WhatIsReadIsNotReplaced) {
  const std::string read = "is what the command reads: it is not replaced; give ";
  expect_kept({"compress", model_, "--scheme", "*: low_rank(r=2)", "--out", model_}, model_, read);
  ASSERT_EQ(
      ranklens({"decompose", in("a.npy"), "--eps", "0.1", "--out", in("a.safetensors")}).status, 0);
  expect_kept({"round", in("a.safetensors"), "--ranks", "1", "--out", in("a.safetensors")},
              in("a.safetensors"), read);
  // By whatever name.
  const auto link = in("link.npy");
  fs::create_symlink(in("a.npy"), link);
  expect_kept({"contract", "ij->ji", in("a.npy"), "--out", link}, in("a.npy"), read);
  base::write_npy(in("A.npy"), at::rand({2, 3}));
  expect_kept({"diagram", in("d.tn"), "--tensors", folder_.path().string(), "--out", in("A.npy")},
              in("A.npy"), read);
  const auto weights = in("w.pth");
  ASSERT_EQ(ranklens({"info", model_, "--state-dict", weights}).status, 0);
  expect_kept({"info", "cnn-dense", "--width", "8", "--size", "16", "--classes", "3", "--weights",
               weights, "--state-dict", weights},
              weights, read);
}

TEST_F(Outputs, AFolderAMissingFolderAndOneNameForTwo) {
  expect_complaint(ranklens({"contract", "ij->ji", in("a.npy"), "--out", in(".")}), 2,
                   "--out names a file, but ");
  expect_complaint(ranklens({"contract", "ij->ji", in("a.npy"), "--out", in("no/c.npy")}), 2,
                   "/no' is no folder");
  expect_complaint(ranklens({"diagram", in("d.tn"), "--svg", in("d"), "--tikz", in("d")}), 2,
                   "--svg and --tikz name the same file");
  EXPECT_EQ(ranklens({"contract", "ij->ji", in("a.npy"), "--out", "/dev/null"}).status, 0);
}

TEST_F(Outputs, ThePageAboutTheClassesReplacesItsOwnFilesOnly) {
  const auto page = in("docs");
  const Args make{"data", "make", "scenes", "--page", page};
  fs::create_directory(page);
  for (const std::string name : {"scenes.md", "scenes.png", "scenes-shortcut.png"}) {
    testing::put_file(page + "/" + name, "\x89PNG years of work");
    expect_kept(make, page + "/" + name, ": it is not replaced; give --page another name");
    fs::remove(page + "/" + name);
  }
  // Beside a page of ours the pictures are its own.
  testing::put_file(page + "/scenes.md",
                    "# Scenes\n\n<!-- Written by `ranklens data make scenes -->");
  testing::put_file(page + "/scenes.png", "\x89PNG of that page");
  testing::put_file(page + "/scenes-masks.png", "no picture");
  expect_kept(make, page + "/scenes-masks.png",
              "scenes-masks.png' is there and is no picture of such a page of ranklens");
}

TEST_F(Outputs, OnlyListedFilesOfAFolderAreReplaced) {
  const auto maps = in("maps");
  fs::create_directory(maps);
  testing::put_file(maps + "/keep.json", "{}");
  testing::put_file(maps + "/gradcam.npy", "mine");
  const Args explain{"explain", model_, "--images", in("x.npy"), "--out", maps};
  expect_kept(explain, maps + "/gradcam.npy",
              "no manifest of ranklens lists it: it is not replaced");
  fs::remove(maps + "/gradcam.npy");
  EXPECT_EQ(ranklens(explain).status, 0);
  EXPECT_EQ(ranklens(explain).status, 0);

  const auto set = in("set");
  fs::create_directory(set);
  testing::put_file(set + "/classes.txt", "mine");
  expect_kept({"data", "make", "scenes", "--count", "12", "--out", set}, set + "/classes.txt",
              "no manifest of ranklens lists it");
  fs::remove(set + "/classes.txt");
  make_scenes(set, 12);
  expect_complaint(ranklens({"notation", "--out", set}), 2,
                   "holds the result of 'ranklens data make'");
}

}  // namespace
}  // namespace ranklens::app
