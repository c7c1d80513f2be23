#include "ranklens/data/dataset.h"

#include <cmath>

#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "testing/expect_error.h"

namespace ranklens::data {
namespace {

using testing::expect_error;

Dataset three_items() {
  Dataset data;
  data.images = at::arange(3 * 2 * 4 * 5).to(at::kByte).reshape({3, 2, 4, 5});
  data.labels = at::arange(3, at::kLong);
  data.masks = at::zeros({3, 4, 5}, at::kByte);
  data.masks[1][2][3] = 1;
  data.classes = {"a", "b", "c"};
  data.name = "three";
  return data;
}

TEST(Dataset, GoodOneIsAccepted) { EXPECT_NO_THROW(check(three_items(), "three")); }

TEST(Dataset, PartsHaveNames) {
  for (const Split split : {Split::train, Split::test, Split::all}) {
    EXPECT_EQ(parse_split(name_of(split)), split);
  }
  expect_error([] { parse_split("valid"); }, "but no 'valid'");
}

TEST(Dataset, LabelOutOfRangeIsRefused) {
  Dataset data = three_items();
  data.labels[2] = 3;
  expect_error([&] { check(data, "three"); },
               "three: the label of item 2 is 3; it must lie in 0 to 2");
  data.labels[2] = -1;
  expect_error([&] { check(data, "three"); }, "the label of item 2 is -1");
}

TEST(Dataset, MaskOfAnotherSizeIsRefused) {
  Dataset data = three_items();
  data.masks = at::zeros({3, 5, 4}, at::kByte);
  expect_error(
      [&] { check(data, "three"); },
      "the masks are uint8 of shape [3, 5, 4], but the images need uint8 of shape [3, 4, 5]");
  data.masks = at::full({3, 4, 5}, 2, at::kByte);
  expect_error([&] { check(data, "three"); }, "the masks hold the value 2 (item 0)");
}

TEST(Dataset, PixelsThatAreNoNumbersOrOutOfRangeAreRefused) {
  Dataset data = three_items();
  data.images = at::zeros({3, 2, 4, 5});
  data.images[1][0][0][0] = std::nanf("");
  expect_error([&] { check(data, "three"); }, "a pixel of item 1 is nan; all must lie in [0, 1]");
  data.images[1][0][0][0] = 1.5;
  expect_error([&] { check(data, "three"); }, "a pixel of item 1 is 1.5");
}

TEST(Dataset, EmptyOrOddShapesAreRefused) {
  Dataset data = three_items();
  data.labels = at::zeros({2}, at::kLong);
  expect_error([&] { check(data, "three"); }, "the labels are int64 of shape [2]");
  data = three_items();
  data.images = at::zeros({0, 2, 4, 5}, at::kByte);
  expect_error([&] { check(data, "three"); }, "there are no images");
  data.images = at::zeros({3, 4, 5}, at::kByte);
  expect_error([&] { check(data, "three"); }, "[N, C, H, W] is needed");
}

TEST(Dataset, HashFollowsEveryPartOfTheContents) {
  const std::string before = content_hash(three_items());
  EXPECT_EQ(before.size(), 16U);
  EXPECT_EQ(before, content_hash(three_items()));
  Dataset data = three_items();
  data.name = "another";
  EXPECT_EQ(content_hash(data), before);
  data.images[2][1][3][4] = 7;
  EXPECT_NE(content_hash(data), before);
  data = three_items();
  data.labels[0] = 2;
  EXPECT_NE(content_hash(data), before);
  data = three_items();
  data.masks[0][0][0] = 1;
  EXPECT_NE(content_hash(data), before);
  data = three_items();
  data.classes[1] = "B";
  EXPECT_NE(content_hash(data), before);
  data = three_items();
  std::swap(data.masks, data.shortcut_masks);
  EXPECT_NE(content_hash(data), before);
}

TEST(Dataset, SelectTakesItemsInTheOrderGiven) {
  const Dataset data = three_items();
  const Dataset part = select(data, at::arange(2, 0, -1, at::kLong));
  EXPECT_TRUE(at::equal(part.images[0], data.images[2]));
  EXPECT_TRUE(at::equal(part.images[1], data.images[1]));
  EXPECT_EQ(part.labels[0].item<int>(), 2);
  EXPECT_EQ(part.masks[1][2][3].item<int>(), 1);
}

TEST(Dataset, FirstAndConcatenatedAreInverse) {
  const Dataset data = three_items();
  const Dataset head = first(data, 2);
  EXPECT_EQ(head.size(), 2);
  EXPECT_EQ(first(data, 0).size(), 3);
  EXPECT_EQ(first(data, 9).size(), 3);
  const Dataset tail = select(data, at::full({1}, 2, at::kLong));
  EXPECT_EQ(concatenated(head, tail).hash, content_hash(data));
  Dataset other = tail;
  other.classes = {"x"};
  expect_error([&] { concatenated(head, other); }, "do not go together");
}

}  // namespace
}  // namespace ranklens::data
