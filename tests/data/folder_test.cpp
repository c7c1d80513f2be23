#include "ranklens/data/folder.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ranklens/base/files.h"
#include "ranklens/base/image.h"

#include "testing/expect_error.h"
#include "testing/temporary_folder.h"

namespace ranklens::data {
namespace {

namespace fs = std::filesystem;
using testing::expect_error;
using testing::TemporaryFolder;

void write_plain(const fs::path& path, int height, int width, int channels, std::uint8_t value) {
  fs::create_directories(path.parent_path());
  base::write_png(path, {height, width, channels,
                         std::vector<std::uint8_t>(
                             static_cast<std::size_t>(height * width * channels), value)});
}

std::vector<int> values(const Dataset& data) {
  std::vector<int> found;
  for (std::int64_t i = 0; i < data.size(); ++i)
    found.push_back(data.images[i][0][0][0].item<int>());
  return found;
}

TEST(ImageFolder, ReadsClassesInTheOrderOfTheirNames) {
  const TemporaryFolder folder;
  write_plain(folder / "dog" / "1.png", 3, 4, 1, 30);
  write_plain(folder / "cat" / "b.PNG", 3, 4, 3, 20);
  write_plain(folder / "cat" / "a.png", 3, 4, 1, 10);
  base::write_file(folder / "cat" / "notes.txt", "x");
  base::write_file(folder / "readme", "x");
  const Dataset data = read_image_folder(folder.path());
  EXPECT_EQ(data.images.sizes(), (std::vector<std::int64_t>{3, 3, 3, 4}));
  EXPECT_THAT(data.classes, ::testing::ElementsAre("cat", "dog"));
  EXPECT_THAT(values(data), ::testing::ElementsAre(10, 20, 30));
  EXPECT_EQ(data.labels[2].item<int>(), 1);
  EXPECT_EQ(data.images[0][2][2][3].item<int>(), 10);  // grey became three equal channels
}

TEST(ImageFolder, KeepsEveryFifthOfAClassForTesting) {
  const TemporaryFolder folder;
  for (int i = 0; i < 7; ++i) {
    write_plain(folder / "a" / (std::to_string(i) + ".png"), 2, 2, 1, static_cast<std::uint8_t>(i));
  }
  EXPECT_THAT(values(read_image_folder(folder.path(), {.split = Split::test})),
              ::testing::ElementsAre(4));
  EXPECT_THAT(values(read_image_folder(folder.path(), {.split = Split::train})),
              ::testing::ElementsAre(0, 1, 2, 3, 5, 6));
}

TEST(ImageFolder, UsesTrainAndTestFoldersWithTheClassesOfTrain) {
  const TemporaryFolder folder;
  write_plain(folder / "train" / "a" / "x.png", 2, 2, 1, 1);
  write_plain(folder / "train" / "b" / "x.png", 2, 2, 1, 2);
  write_plain(folder / "val" / "b" / "x.png", 2, 2, 1, 3);
  const Dataset test = read_image_folder(folder.path(), {.split = Split::test});
  EXPECT_THAT(values(test), ::testing::ElementsAre(3));
  EXPECT_EQ(test.labels[0].item<int>(), 1);
  EXPECT_THAT(values(read_image_folder(folder.path())), ::testing::ElementsAre(1, 2, 3));
  write_plain(folder / "val" / "c" / "x.png", 2, 2, 1, 3);
  expect_error([&] { read_image_folder(folder.path(), {.split = Split::test}); },
               "is a class that the training images do not have");
}

TEST(ImageFolder, LimitTakesClassesInTurn) {
  const TemporaryFolder folder;
  for (int i = 0; i < 4; ++i) {
    write_plain(folder / "a" / (std::to_string(i) + ".png"), 2, 2, 1, static_cast<std::uint8_t>(i));
  }
  write_plain(folder / "b" / "x.png", 2, 2, 1, 9);
  EXPECT_THAT(values(read_image_folder(folder.path(), {.limit = 4})),
              ::testing::ElementsAre(0, 1, 2, 9));
}

TEST(ImageFolder, SizeScalesAndCrops) {
  const TemporaryFolder folder;
  write_plain(folder / "a" / "1.png", 8, 12, 1, 50);
  write_plain(folder / "a" / "2.png", 9, 6, 1, 60);
  const Dataset data = read_image_folder(folder.path(), {.size = 4});
  EXPECT_EQ(data.images.sizes(), (std::vector<std::int64_t>{2, 1, 4, 4}));
  EXPECT_THAT(values(data), ::testing::ElementsAre(50, 60));
  expect_error([&] { read_image_folder(folder.path()); },
               "has 12 x 8 pixels and '" + (folder / "a" / "2.png").string() + "' has 6 x 9");
}

TEST(ImageFolder, EmptyAndDamagedAreRefused) {
  const TemporaryFolder folder;
  expect_error([&] { read_image_folder(folder.path()); }, "holds no folder of PNG or JPEG files");
  expect_error([&] { read_image_folder(folder / "none"); }, "is no folder");
  fs::create_directory(folder / "a");
  expect_error([&] { read_image_folder(folder.path()); }, "a' holds no PNG or JPEG file");
  write_plain(folder / "a" / "1.png", 8, 8, 1, 50);
  const std::string whole = base::read_file(folder / "a" / "1.png");
  base::write_file(folder / "a" / "1.png", whole.substr(0, whole.size() / 2));
  expect_error([&] { read_image_folder(folder.path()); }, "1.png'");
}

}  // namespace
}  // namespace ranklens::data
