#include "ranklens/data/hold_out.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/expect_error.h"

namespace ranklens::data {
namespace {

using ranklens::testing::error_of;
using ::testing::HasSubstr;

/// `n` images, each of the value of its place, of the classes 0, 1, 0, 1, ...
Dataset alternating(std::int64_t n) {
  Dataset data;
  data.images = at::arange(n, at::kByte).view({n, 1, 1, 1});
  data.labels = at::arange(n).remainder(2);
  data.classes = {"even", "odd"};
  data.name = "numbers";
  return data;
}

std::vector<std::int64_t> places(const Dataset& data) {
  const auto values = data.images.flatten().to(at::kLong);
  return {values.const_data_ptr<std::int64_t>(),
          values.const_data_ptr<std::int64_t>() + values.numel()};
}

TEST(HoldOut, TakesTheShareOfEachClass) {
  const auto [left, out] = hold_out(alternating(20), 0.2);
  EXPECT_EQ(places(out), (std::vector<std::int64_t>{8, 9, 18, 19}));  // the fifth and tenth of each
  EXPECT_EQ(left.size(), 16);
  EXPECT_EQ(out.labels.sum().item<std::int64_t>(), 2);
  auto all = places(left);
  for (const auto place : places(out)) all.push_back(place);
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, places(alternating(20)));
}

TEST(HoldOut, SharesThatAreNoBinaryFractionsCountRight) {
  for (int tenths = 1; tenths < 10; ++tenths)
    EXPECT_EQ(hold_out(alternating(200), tenths / 10.0).second.size(), 20 * tenths) << tenths;
}

TEST(HoldOut, NoneAndAllAreRefused) {
  EXPECT_THAT(error_of([] { hold_out(alternating(8), 0.1); }),
              HasSubstr("holds out none of the 8 images of 'numbers'"));
  EXPECT_NE(error_of([] { hold_out(alternating(8), 0); }), "");
  EXPECT_NE(error_of([] { hold_out(alternating(8), 1); }), "");
}

}  // namespace
}  // namespace ranklens::data
