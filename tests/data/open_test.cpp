#include "ranklens/data/open.h"

#include <cstdlib>
#include <filesystem>
#include <string>

#include <ATen/ops/arange.h>
#include <ATen/ops/bincount.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ranklens/base/memory.h"
#include "ranklens/base/npy.h"
#include "ranklens/data/npy_set.h"

#include "testing/expect_error.h"
#include "testing/put_file.h"
#include "testing/temporary_folder.h"

namespace ranklens::data {
namespace {

namespace fs = std::filesystem;
using testing::expect_error;
using testing::TemporaryFolder;

// The folder of real data files, or "": tests of them are skipped where it is not given.
std::string real_data() {
  const char* place = std::getenv("RANKLENS_DATA");
  return place == nullptr ? "" : place;
}

TEST(Open, GeneratesScenesByCountsSizeAndSplit) {
  const Dataset train = open("scenes:train=30,test=20", {.seed = 7});
  const Dataset test = open("scenes:train=30,test=20", {.split = Split::test, .seed = 7});
  EXPECT_EQ(train.images.sizes(), (std::vector<std::int64_t>{30, 3, 32, 32}));
  EXPECT_EQ(test.size(), 20);
  EXPECT_EQ(test.name, "scenes, test");
  EXPECT_EQ(train.hash.size(), 16U);
  EXPECT_FALSE(at::equal(train.images.narrow(0, 0, 20), test.images));
  const Dataset all = open("scenes:train=30,test=20", {.split = Split::all, .seed = 7});
  EXPECT_TRUE(at::equal(all.images.narrow(0, 0, 30), train.images));
  EXPECT_TRUE(at::equal(all.images.narrow(0, 30, 20), test.images));
  const Dataset small = open("scenes", {.grey = true, .limit = 5, .size = 48});
  EXPECT_EQ(small.images.sizes(), (std::vector<std::int64_t>{5, 1, 48, 48}));
  EXPECT_EQ(small.masks.sizes(), (std::vector<std::int64_t>{5, 48, 48}));
}

TEST(Open, PlantsAShortcutWhenAsked) {
  const Dataset data = open("scenes:train=40,shortcut=boat,p=1");
  const at::Tensor patched = data.shortcut_masks.flatten(1).any(1);
  EXPECT_TRUE(at::equal(patched, data.labels.eq(3)));
  const Dataset same =
      open("scenes:train=40", {.shortcut = Shortcut{.label = 3, .probability = 1}});
  EXPECT_EQ(same.hash, data.hash);
}

TEST(Open, WrittenScenesComeBack) {
  const TemporaryFolder folder;
  const Dataset data = open("scenes:train=20");
  write_npy_set(folder.path(), data);
  const Dataset back = open("scenes:" + folder.path().string(), {.split = Split::all});
  EXPECT_TRUE(at::equal(back.images, data.images));
  EXPECT_TRUE(at::equal(back.masks, data.masks));
  EXPECT_EQ(back.classes, data.classes);
}

TEST(Open, SourcesWithoutPartsKeepEveryFifthOfAClassForTesting) {
  const TemporaryFolder folder;
  base::write_npy(folder / "images.npy", at::arange(20).to(at::kByte).reshape({20, 1, 1, 1}));
  base::write_npy(folder / "labels.npy", at::arange(20, at::kLong).remainder(2));
  const std::string spec = "npy:" + folder.path().string();
  const Dataset test = open(spec, {.split = Split::test});
  EXPECT_TRUE(at::equal(test.images.flatten(), at::tensor({8, 9, 18, 19}).to(at::kByte)));
  EXPECT_EQ(open(spec, {.split = Split::train}).size(), 16);
  EXPECT_EQ(open(spec, {.split = Split::all}).size(), 20);
  EXPECT_EQ(open(spec, {.split = Split::train, .limit = 3}).size(), 3);
}

TEST(Open, AFolderWithoutAKindIsToldByItsFiles) {
  const TemporaryFolder folder;
  const auto place = folder.path().string();
  const auto refused = [&](const std::string& kind) {
    expect_error([&] { open(place); }, "'" + place + "' is a folder: write " + kind + ":" + place);
  };
  refused("npy");  // and all others: nothing tells
  fs::create_directory(folder / "cats");
  refused("images");
  for (const auto& [name, kind] :
       {std::pair{"t10k-labels-idx1-ubyte", "mnist"}, std::pair{"data_batch_1.bin", "cifar10"},
        std::pair{"images.npy", "npy"}}) {
    testing::put_file(folder / name, "");
    refused(kind);
    fs::remove(folder / name);
  }
}

TEST(Open, BadSpecsAreRefused) {
  expect_error([] { open("scnes"); }, "data of the kind 'scnes' does not exist; nearest: 'scenes'");
  expect_error([] { open("cifar10"); }, "'cifar10' needs a folder: cifar10:DIR");
  expect_error([] { open("mnist:/nowhere/at/all"); }, "'/nowhere/at/all' is no folder");
  expect_error([] { open("scenes:trian=3"); },
               "the data 'scenes' has no option 'trian'; nearest: 'train'");
  expect_error([] { open("scenes:train=0"); }, "train in the data 'scenes(train=0)'");
  expect_error([] { open("scenes:size=8"); }, "is a whole number from 16 to 512, not '8'");
  expect_error([] { open("scenes", {.size = 8}); }, "16 to 512 pixels a side, not 8");
  expect_error([] { open("scenes", {.limit = -1}); }, "a limit is 0 (all images) or more, not -1");
  expect_error([] { open("scenes:shortcut=baot"); },
               "the class 'baot' is none of 0 to 9 and no name of one; nearest: 'boat'");
  expect_error([] { open("scenes:shortcut=10"); }, "the class '10' is none of 0 to 9");
  expect_error([] { open("scenes:p=0.5"); }, "shortcut names no class for one");
  expect_error([] { open("scenes:shortcut=1,p=2"); }, "is a number from 0 to 1, not '2'");
  const TemporaryFolder folder;
  expect_error([&] { open("images:" + folder.path().string(), {.shortcut = Shortcut{}}); },
               "a shortcut can be planted in generated scenes only");
}

TEST(Open, ReadsTheRealMnist) {
  if (real_data().empty()) GTEST_SKIP() << "RANKLENS_DATA names no folder with mnist/ in it";
  const Dataset data = open("mnist:" + real_data() + "/mnist", {.split = Split::test});
  EXPECT_EQ(data.images.sizes(), (std::vector<std::int64_t>{10'000, 1, 28, 28}));
  // The published counts of the digits 0 to 9 in the test set.
  EXPECT_TRUE(
      at::equal(at::bincount(data.labels),
                at::tensor({980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009}, at::kLong)));
  const Dataset wide = open("mnist:" + real_data() + "/mnist", {.limit = 7, .size = 32});
  EXPECT_EQ(wide.images.sizes(), (std::vector<std::int64_t>{7, 1, 32, 32}));
}

TEST(Open, ReadsTheRealCifar10) {
  const std::string place = real_data() + "/cifar10";
  if (real_data().empty() || !fs::is_directory(place)) {
    GTEST_SKIP() << "RANKLENS_DATA names no folder with cifar10/ in it";
  }
  const Dataset data = open("cifar10:" + place, {.split = Split::test, .grey = true});
  EXPECT_EQ(data.images.sizes(), (std::vector<std::int64_t>{10'000, 1, 32, 32}));
  EXPECT_TRUE(at::equal(at::bincount(data.labels), at::full({10}, 1000, at::kLong)));
  // The mean of the test set's luma, from the channel means (0.494, 0.485, 0.451).
  EXPECT_NEAR(data.images.to(at::kFloat).mean().item<double>() / 255, 0.484, 0.005);
}

TEST(Open, ASizeThatNoMachineHoldsIsRefusedBeforeImagesAreScaled) {
  if (base::memory_there_is().value_or(0) > 500'000'000'000)
    GTEST_SKIP() << "this machine holds ten thousand images of 4096 x 4096 pixels";
  const TemporaryFolder folder;
  testing::put_file(folder / "test_batch.bin", "");
  fs::resize_file(folder / "test_batch.bin", 30'730'000);
  const auto spec = "cifar10:" + folder.path().string();
  expect_error([&] { open(spec, {.split = Split::test, .size = 4096}); },
               "a set of 10000 images of 4096x4096 pixels takes 503 GB of memory, and there are ");
  EXPECT_EQ(open(spec, {.split = Split::test, .limit = 2, .size = 64}).height(), 64);
  expect_error([] { open("scenes:train=100000000,size=512"); },
               "a set of 100000000 scenes of 512x512 pixels takes ");
}

}  // namespace
}  // namespace ranklens::data
