// What generated scenes promise: simple models fail on them, and so do maps that know no network.

#include <cmath>
#include <vector>

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/replication_pad2d.h>
#include <ATen/ops/searchsorted.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "ranklens/data/difficulty.h"
#include "ranklens/data/npy_set.h"
#include "ranklens/data/pixels.h"
#include "ranklens/data/scenes.h"

namespace ranklens::data {
namespace {

struct Pair {
  Dataset train, test;
};

Pair scenes(bool object = true) {
  return {make_scenes({.count = 1500, .object = object}),
          make_scenes({.count = 1000, .split = Split::test, .object = object})};
}

const Pair& usual() {
  static const Pair pair = scenes();
  return pair;
}

// The area under the ROC curve of one map: the share of (inside, outside) pairs in the right order,
// equal values counting half.
double roc_auc(const at::Tensor& map, const at::Tensor& mask) {
  const at::Tensor inside = map.masked_select(mask),
                   outside = map.masked_select(mask.logical_not());
  const at::Tensor sorted = std::get<0>(outside.sort());
  const at::Tensor below = at::searchsorted(sorted, inside, false, false);
  const at::Tensor up_to = at::searchsorted(sorted, inside, false, true);
  return below.add(up_to).to(at::kDouble).mean().item<double>() /
         (2 * static_cast<double>(outside.numel()));
}

at::Tensor sobel(const Dataset& data) {
  const at::Tensor grey = at::replication_pad2d(to_grey(to_float(data.images)), {1, 1, 1, 1});
  const at::Tensor across =
      at::tensor({-1.f, 0.f, 1.f, -2.f, 0.f, 2.f, -1.f, 0.f, 1.f}).reshape({1, 1, 3, 3});
  return at::conv2d(grey, across)
      .square()
      .add(at::conv2d(grey, across.transpose(2, 3)).square())
      .squeeze(1);
}

at::Tensor centre_prior(const Dataset& data) {
  const double middle = 0.5 * static_cast<double>(data.height() - 1);
  const at::Tensor off = at::arange(data.height(), at::kFloat).sub(middle).square();
  return off.unsqueeze(0).add(off.unsqueeze(1)).neg().unsqueeze(0).expand({data.size(), -1, -1});
}

double mean_auc(const at::Tensor& maps, const Dataset& data) {
  double sum = 0;
  for (std::int64_t i = 0; i < data.size(); ++i)
    sum += roc_auc(maps[i], data.masks[i].to(at::kBool));
  return sum / static_cast<double>(data.size());
}

TEST(SceneConditions, SimpleModelsStayLow) {
  const Difficulty found = difficulty(usual().train, usual().test);
  EXPECT_LT(found.pixel_ridge, 0.45);
  EXPECT_LT(found.pixel_neighbour, 0.45);
  EXPECT_LT(found.histogram_ridge, 0.2);
  EXPECT_LT(found.histogram_neighbour, 0.2);
}

// 0.1 and four standard deviations of 1000 guesses.
TEST(SceneConditions, BackgroundsAloneGiveChance) {
  const Pair empty = scenes(false);
  const Difficulty found = difficulty(empty.train, empty.test);
  const double limit = 0.1 + 4 * std::sqrt(0.09 / 1000);
  EXPECT_LT(found.pixel_ridge, limit);
  EXPECT_LT(found.pixel_neighbour, limit);
  EXPECT_LT(found.histogram_ridge, limit);
  EXPECT_LT(found.histogram_neighbour, limit);
}

TEST(SceneConditions, EdgesAndTheMiddleDoNotFindTheObject) {
  EXPECT_LT(mean_auc(sobel(usual().test), usual().test), 0.65);
  EXPECT_LT(mean_auc(centre_prior(usual().test), usual().test), 0.65);
}

// Area, place and mean colour of the object, given its mask.
at::Tensor summary(const Dataset& data) {
  const at::Tensor masks = data.masks.to(at::kFloat);
  const at::Tensor area = masks.sum({1, 2});
  const at::Tensor place = at::arange(data.height(), at::kFloat);
  const at::Tensor x = masks.mul(place).sum({1, 2}).div(area);
  const at::Tensor y = masks.mul(place.unsqueeze(1)).sum({1, 2}).div(area);
  const at::Tensor colour =
      to_float(data.images).mul(masks.unsqueeze(1)).sum({2, 3}).div(area.unsqueeze(1));
  const at::Tensor all = at::cat({at::stack({area, x, y}, 1), colour}, 1);
  return all.div(all.std(0, true, true));
}

TEST(SceneConditions, AreaPlaceAndColourOfTheObjectSayLittle) {
  const at::Tensor a = summary(usual().train), b = summary(usual().test);
  EXPECT_LT(ridge_accuracy(a, usual().train.labels, b, usual().test.labels), 0.2);
  EXPECT_LT(neighbour_accuracy(a, usual().train.labels, b, usual().test.labels), 0.2);
}

}  // namespace
}  // namespace ranklens::data
