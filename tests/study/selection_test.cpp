#include "ranklens/study/selection.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "testing/expect_error.h"

namespace ranklens::study {
namespace {

using ranklens::testing::expect_error;
using Items = std::vector<std::int64_t>;

/// Ten images, each of one value, its number; labels 0 1 2 0 1 2 0 1 2 0.
data::Dataset ten() {
  data::Dataset data;
  data.images = at::arange(10).view({10, 1, 1, 1}).to(at::kByte);
  data.labels = at::arange(10).remainder(3);
  data.classes = {"cat", "dog", "frog", "never"};
  return data;
}

TEST(Selection, TheFirst) {
  const auto selection = select("test:4", ten());
  EXPECT_EQ(selection.items, (Items{0, 1, 2, 3}));
  EXPECT_TRUE(selection.data.images.flatten().equal(at::tensor({0, 1, 2, 3}, at::kByte)));
  ASSERT_EQ(selection.groups.size(), 1u);
  EXPECT_EQ(selection.groups[0].title, "first 4");
  EXPECT_EQ(selection.groups[0].count, 4);
  EXPECT_EQ(select("test:10", ten()).items.size(), 10u);
}

TEST(Selection, ARangeIncludesBothEnds) {
  const auto selection = select("train:7-9", ten());
  EXPECT_EQ(selection.items, (Items{7, 8, 9}));
  EXPECT_EQ(selection.groups[0].title, "items 7-9");
  EXPECT_EQ(select("train:3-3", ten()).items, (Items{3}));
}

TEST(Selection, TheFirstOfAClass) {
  const auto selection = select("train:label=2:2", ten());
  EXPECT_EQ(selection.items, (Items{2, 5}));
  EXPECT_TRUE(selection.data.labels.equal(at::tensor({2, 2}, at::kLong)));
  EXPECT_EQ(selection.groups[0].title, "first 2 of class frog");
}

TEST(Selection, SeveralKeepTheirOrderAndGroups) {
  const auto selection = select("train:8-9,label=0:3,1", ten());
  EXPECT_EQ(selection.items, (Items{8, 9, 0, 3, 6, 0}));
  EXPECT_TRUE(selection.data.images.flatten().equal(at::tensor({8, 9, 0, 3, 6, 0}, at::kByte)));
  ASSERT_EQ(selection.groups.size(), 3u);
  EXPECT_EQ(selection.groups[1].count, 3);
}

TEST(Selection, AnImageOfTwoGroupsCountsOnce) {
  EXPECT_EQ(distinct(select("train:8-9,label=0:3,1", ten())), (Items{0, 1, 2, 3, 4}));
  EXPECT_EQ(distinct(select("train:0-2,1-3", ten())), (Items{0, 1, 2, 5}));
}

TEST(Selection, SaysWhichPartOfTheData) {
  EXPECT_EQ(selection_split("train:1"), data::Split::train);
  EXPECT_EQ(selection_split("test:1"), data::Split::test);
}

TEST(Selection, FaultsAreSaid) {
  for (const auto* text : {"", "64", "test", "test:", "all:4", "test:x", "test:-4", "test:4-",
                           "test:label=2", "test:label=x:2", "test:label=2:", "test:3,", "test:,3",
                           "test:1.5", "test: 3", "test:99999999999999999999"}) {
    expect_error([&] { select(text, ten()); }, "is not a selection of images (such as test:64");
  }
  expect_error([] { select("test:0", ten()); }, "is empty");
  expect_error([] { select("test:11", ten()); }, "asks for 11 images, but there are only 10");
  expect_error([] { select("test:label=1:0", ten()); }, "is empty");
  expect_error([] { select("test:8-10", ten()); }, "asks for image 10, but there are only 10");
  expect_error([] { select("test:4-3", ten()); }, "ends before it begins");
  expect_error([] { select("test:label=4:1", ten()); }, "asks for class 4, but there are only 4");
  expect_error([] { select("test:label=1:4", ten()); },
               "asks for 4 images of class 1, but there are only 3");
  expect_error([] { select("test:label=3:1", ten()); }, "but there are only 0");
}

}  // namespace
}  // namespace ranklens::study
