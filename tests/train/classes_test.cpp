#include "ranklens/train/classes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/expect_error.h"
#include "train/tiny.h"

namespace ranklens::train {
namespace {

using ranklens::testing::error_of;
using ::testing::HasSubstr;
using Names = std::vector<std::string>;

/// Images of "left", "middle", "left": labels 0, 2, 0.
data::Dataset three() {
  auto data = tiny_data(3, 1);
  data.labels = at::tensor({0, 2, 0}, at::kLong);
  data.hash = data::content_hash(data);
  return data;
}

TEST(Classes, LabelsGoToTheOutputOfTheirName) {
  const auto data = three();
  const Names outputs{"up", "middle", "right", "left"};
  EXPECT_TRUE(all_among(data, outputs));
  const auto moved = with_classes(data, outputs);
  EXPECT_TRUE(moved.labels.equal(at::tensor({3, 1, 3}, at::kLong)));
  EXPECT_EQ(moved.classes, outputs);
  EXPECT_NE(moved.hash, data.hash);
  EXPECT_EQ(with_classes(data, data.classes).hash, data.hash);
}

TEST(Classes, WithoutNamesALabelIsAPlace) {
  auto data = three();
  const auto unmoved = [&](const Names& outputs) {
    return with_classes(data, outputs).labels.equal(data.labels);
  };
  EXPECT_TRUE(unmoved({}));
  EXPECT_TRUE(unmoved({"0", "1", "2", "3"}));
  data.classes = {"0", "1", "2"};
  EXPECT_TRUE(unmoved({"up", "middle", "right", "left"}));
  // A folder of the digit 2 alone is one of a name.
  data.classes = {"2", "3", "5"};
  EXPECT_TRUE(with_classes(data, {"0", "1", "2", "3", "4", "5"})
                  .labels.equal(at::tensor({2, 5, 2}, at::kLong)));
}

TEST(Classes, OnlyThoseThatImagesHaveAreAskedFor) {
  const auto data = three();
  EXPECT_TRUE(all_among(data, {"middle", "left"}));
  EXPECT_TRUE(
      with_classes(data, {"middle", "left"}).labels.equal(at::tensor({1, 0, 1}, at::kLong)));
  EXPECT_FALSE(all_among(data, {"right", "left"}));
  EXPECT_THAT(
      error_of([&] { with_classes(data, {"midle", "left"}); }),
      HasSubstr("'tiny' has the class 'middle', the network has none of this name; nearest: "
                "'midle'"));
  EXPECT_FALSE(all_among(data, {"left", "left", "middle"}));
  EXPECT_THAT(error_of([&] { with_classes(data, {"left", "left", "middle"}); }),
              HasSubstr("several classes 'left'"));
}

}  // namespace
}  // namespace ranklens::train
