#include "ranklens/data/npy_set.h"

#include <cmath>

#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ranklens/base/files.h"
#include "ranklens/base/npy.h"
#include "ranklens/base/random.h"

#include "testing/expect_error.h"
#include "testing/temporary_folder.h"

namespace ranklens::data {
namespace {

using testing::expect_error;
using testing::TemporaryFolder;

Dataset all_bytes() {
  Dataset data;
  data.images = at::arange(256).to(at::kByte).reshape({4, 1, 8, 8});
  data.labels = at::arange(4, at::kLong);
  data.masks = data.images.squeeze(1).gt(100).to(at::kByte);
  data.classes = {"north pole", "south", "east", "west"};
  return data;
}

TEST(NpySet, RoundTripLosesNothing) {
  const TemporaryFolder folder;
  const Dataset data = all_bytes();
  write_npy_set(folder / "new" / "set", data);
  const at::Tensor images = base::read_npy(folder / "new" / "set" / "images.npy");
  EXPECT_EQ(images.scalar_type(), at::kFloat);
  EXPECT_EQ(images[3][0][7][7].item<float>(), 1.0f);
  EXPECT_EQ(images[0][0][0][1].item<float>(), 1.0f / 255);
  const Dataset back = read_npy_set(folder / "new" / "set");
  EXPECT_EQ(back.images.scalar_type(), at::kByte);
  EXPECT_EQ(content_hash(back), content_hash(data));
}

TEST(NpySet, OtherFloatsStayFloats) {
  const TemporaryFolder folder;
  const at::Tensor images = base::Stream(1, "noise").uniform({3, 2, 4, 4}, 0, 1, at::kDouble);
  base::write_npy(folder / "images.npy", images);
  base::write_npy(folder / "labels.npy", at::full({3}, 6, at::kInt));
  const Dataset data = read_npy_set(folder.path());
  EXPECT_TRUE(at::equal(data.images, images.to(at::kFloat)));
  EXPECT_EQ(data.classes.size(), 7U);
  EXPECT_FALSE(data.masks.defined());
}

TEST(NpySet, ImagesWithoutChannelsHaveOne) {
  const TemporaryFolder folder;
  base::write_npy(folder / "images.npy", at::zeros({3, 4, 5}, at::kByte));
  base::write_npy(folder / "labels.npy", at::zeros({3}, at::kByte));
  EXPECT_EQ(read_npy_set(folder.path()).images.sizes(), (std::vector<std::int64_t>{3, 1, 4, 5}));
}

TEST(NpySet, BadInputIsRefused) {
  const TemporaryFolder folder;
  const auto refuse = [&](const at::Tensor& images, const at::Tensor& labels,
                          const at::Tensor& masks, const std::string& part) {
    base::write_npy(folder / "images.npy", images);
    base::write_npy(folder / "labels.npy", labels);
    base::write_npy(folder / "masks.npy", masks);
    expect_error([&] { read_npy_set(folder.path()); }, part);
  };
  const at::Tensor images = at::zeros({3, 1, 4, 4}, at::kByte);
  const at::Tensor labels = at::arange(3, at::kLong), masks = at::zeros({3, 4, 4}, at::kByte);
  refuse(at::full({3, 1, 4, 4}, std::nanf("")), labels, masks, "a pixel of item 0 is nan");
  refuse(at::full({3, 1, 4, 4}, 255.0), labels, masks, "a pixel of item 0 is 255");
  refuse(at::zeros({3, 4}, at::kByte), labels, masks, "holds an array of shape [3, 4]");
  refuse(at::zeros({3, 1, 4, 4}, at::kInt), labels, masks, "images are uint8 or floats");
  refuse(images, labels.sub(1), masks, "the label of item 0 is -1");
  refuse(images, labels.to(at::kFloat), masks, "labels are integers");
  refuse(images, at::arange(4, at::kLong), masks, "the labels are int64 of shape [4]");
  refuse(images, labels.mul(100000), masks, "the labels must lie below 100000, not at 200000");
  refuse(images, labels, at::zeros({3, 5, 4}, at::kByte), "the masks are uint8 of shape [3, 5, 4]");
  refuse(images, labels, at::zeros({3, 4, 4}), "masks are integers or bool");
  base::write_npy(folder / "masks.npy", masks);
  base::write_file(folder / "classes.txt", "one\ntwo\n");
  expect_error([&] { read_npy_set(folder.path()); },
               "the label of item 2 is 2; it must lie in 0 to 1");
  const std::string whole = base::read_file(folder / "images.npy");
  base::write_file(folder / "images.npy", whole.substr(0, whole.size() - 1));
  expect_error([&] { read_npy_set(folder.path()); }, "images.npy'");
}

}  // namespace
}  // namespace ranklens::data
