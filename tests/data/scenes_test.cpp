#include "ranklens/data/scenes.h"

#include <set>
#include <string>

#include <ATen/ops/arange.h>
#include <ATen/ops/bincount.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/max_pool2d.h>
#include <gtest/gtest.h>

#include "ranklens/base/threads.h"
#include "ranklens/data/pixels.h"

#include "testing/expect_error.h"

namespace ranklens::data {
namespace {

using testing::expect_error;

at::Tensor grown(const at::Tensor& masks) {  // by two pixels in every direction
  return at::max_pool2d(masks.to(at::kFloat).unsqueeze(1), {5, 5}, {1, 1}, {2, 2}).squeeze(1).gt(0);
}

TEST(Scenes, SameBytesOnAnyNumberOfThreads) {
  std::string one;
  {
    const base::ThreadScope single(1);
    one = make_scenes({.count = 90, .seed = 5}).hash;
  }
  const base::ThreadScope several(4);
  EXPECT_EQ(make_scenes({.count = 90, .seed = 5}).hash, one);
}

TEST(Scenes, AnItemDoesNotDependOnHowManyThereAre) {
  const Dataset few = make_scenes({.count = 13, .seed = 5});
  const Dataset many = make_scenes({.count = 40, .seed = 5});
  EXPECT_TRUE(at::equal(few.images, many.images.narrow(0, 0, 13)));
  EXPECT_TRUE(at::equal(few.labels, many.labels.narrow(0, 0, 13)));
  EXPECT_TRUE(at::equal(few.masks, many.masks.narrow(0, 0, 13)));
}

TEST(Scenes, SplitsAndSeedsShareNoImage) {
  std::set<std::string> seen;
  std::int64_t total = 0;
  for (const Split split : {Split::train, Split::test}) {
    for (const std::uint64_t seed : {0, 1}) {
      const Dataset data = make_scenes({.count = 60, .split = split, .seed = seed});
      for (std::int64_t i = 0; i < data.size(); ++i) {
        const auto* bytes = data.images[i].const_data_ptr<std::uint8_t>();
        seen.emplace(reinterpret_cast<const char*>(bytes), 3 * 32 * 32);
        ++total;
      }
    }
  }
  EXPECT_EQ(static_cast<std::int64_t>(seen.size()), total);
}

TEST(Scenes, EveryTenItemsHaveTheTenClassesInChangingOrder) {
  const Dataset data = make_scenes({.count = 200, .size = 16});
  const at::Tensor blocks = data.labels.reshape({20, 10});
  EXPECT_TRUE(at::equal(at::bincount(data.labels), at::full({10}, 20, at::kLong)));
  for (int b = 0; b < 20; ++b) {
    EXPECT_TRUE(at::equal(std::get<0>(blocks[b].sort()), at::arange(10, at::kLong)));
  }
  EXPECT_FALSE(at::equal(blocks[0], blocks[1]));
}

// With the same background and the same noise, an image differs from its background on the
// object's mask and nowhere beyond its soft border (two pixels at a triangle's tip).
TEST(Scenes, MasksAreWhereTheObjectIs) {
  const SceneOptions options{.count = 100, .seed = 3};
  SceneOptions empty = options;
  empty.object = false;
  const Dataset with = make_scenes(options), without = make_scenes(empty);
  EXPECT_EQ(without.masks.sum().item<std::int64_t>(), 0);
  const at::Tensor changed = with.images.ne(without.images).any(1);
  const at::Tensor masks = with.masks.to(at::kBool);
  EXPECT_FALSE(changed.logical_and(grown(masks).logical_not()).any().item<bool>());
  const double hit = masks.logical_and(changed).sum().item<double>();
  EXPECT_GT(hit / masks.sum().item<double>(), 0.98);
  EXPECT_GT(with.masks.flatten(1).sum(1).min().item<std::int64_t>(), 60);
}

TEST(Scenes, GreyIsTheLumaOfTheColours) {
  const Dataset colour = make_scenes({.count = 20, .size = 48});
  const Dataset grey = make_scenes({.count = 20, .size = 48, .grey = true});
  const at::Tensor luma = to_grey(colour.images.to(at::kFloat).div(255)).mul(255);
  EXPECT_LE(grey.images.to(at::kFloat).sub(luma).abs().max().item<float>(), 1.01f);
  EXPECT_TRUE(at::equal(grey.masks, colour.masks));
}

TEST(Scenes, ShortcutTouchesNothingButItsPatch) {
  const SceneOptions plain{.count = 300, .seed = 8};
  SceneOptions options = plain;
  options.shortcut = Shortcut{.label = 4, .probability = 0.8, .elsewhere = 0.1};
  const Dataset before = make_scenes(plain), after = make_scenes(options);
  EXPECT_FALSE(before.shortcut_masks.defined());
  const at::Tensor patch = after.shortcut_masks.to(at::kBool);
  const at::Tensor changed = after.images.ne(before.images).any(1);
  EXPECT_FALSE(changed.logical_and(patch.logical_not()).any().item<bool>());
  // The object's mask is what it was, less what the patch hides: next to nothing.
  EXPECT_TRUE(at::equal(after.masks, before.masks.mul(patch.logical_not())));
  EXPECT_FALSE(after.masks.to(at::kBool).logical_and(patch).any().item<bool>());
  EXPECT_GT(after.masks.sum().item<double>(), 0.995 * before.masks.sum().item<double>());
  const at::Tensor has = patch.flatten(1).any(1);
  const at::Tensor own = after.labels.eq(4);
  EXPECT_NEAR(has.logical_and(own).sum().item<double>() / 30, 0.8, 0.22);
  EXPECT_NEAR(has.logical_and(own.logical_not()).sum().item<double>() / 270, 0.1, 0.06);
  EXPECT_EQ(patch.sum().item<std::int64_t>(), 36 * has.sum().item<std::int64_t>());
}

TEST(Scenes, ScaleWithTheSize) {
  const Dataset small = make_scenes({.count = 50}), large = make_scenes({.count = 50, .size = 96});
  const double share = small.masks.to(at::kFloat).mean().item<double>();
  EXPECT_NEAR(large.masks.to(at::kFloat).mean().item<double>(), share, 0.03 * share);
}

TEST(Scenes, BadOptionsAreRefused) {
  expect_error([] { make_scenes({.count = 0}); }, "at least one image is needed, not 0");
  expect_error([] { make_scenes({.size = 8}); }, "16 to 512 pixels a side, not 8");
  expect_error([] { make_scenes({.split = Split::all}); }, "not both at once");
  expect_error([] { make_scenes({.look = {.area_low = 200}}); }, "the wrong way round");
}

TEST(Shortcut, ReadsItsText) {
  const Shortcut shortcut = parse_shortcut("class=key,patch,p=0.75,elsewhere=0.05");
  EXPECT_EQ(shortcut.label, 6);
  EXPECT_EQ(shortcut.probability, 0.75);
  EXPECT_EQ(shortcut.elsewhere, 0.05);
  EXPECT_EQ(parse_shortcut("class=3").probability, 0.9);
  expect_error([] { parse_shortcut("patch"); }, "names no class; an example: class=3,patch,p=0.9");
  expect_error([] { parse_shortcut("class=1,stripe"); }, "has no option 'stripe'");
}

}  // namespace
}  // namespace ranklens::data
