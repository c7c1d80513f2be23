#include "ranklens/explain/maps.h"

#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ranklens/base/error.h"

#include "testing/expect_error.h"

namespace ranklens::explain {
namespace {

at::Tensor map_of(const std::vector<double>& values, std::int64_t height) {
  return at::tensor(values, at::kDouble).view({1, height, -1});
}

TEST(MinMax, ScalesEachImageAlone) {
  const at::Tensor maps = at::cat({map_of({-2, 0, 2, 6}, 2), map_of({5, 5, 5, 5}, 2)});
  const at::Tensor scaled = min_max(maps);
  EXPECT_TRUE(scaled[0].equal(map_of({0, .25, .5, 1}, 2)[0]));
  EXPECT_EQ(scaled[1].abs().max().item<double>(), 0);
  const float huge = std::numeric_limits<float>::max();
  const at::Tensor wide = min_max(at::tensor({-huge, 0.f, huge}).view({1, 1, 3}));
  EXPECT_TRUE(wide.allclose(at::tensor({0.f, 0.5f, 1.f}).view({1, 1, 3})));
}

TEST(ClipPercentile, InterpolatesAsNumpy) {
  // numpy.percentile([1, 2, 4, 100], 75) = 28, of 50 = 3.
  const at::Tensor map = map_of({1, 100, 2, 4}, 2);
  EXPECT_TRUE(clip_percentile(map, 75).allclose(map_of({1, 28, 2, 4}, 2)));
  EXPECT_TRUE(clip_percentile(map, 50).allclose(map_of({1, 3, 2, 3}, 2)));
  EXPECT_TRUE(clip_percentile(map, 100).equal(map));
  EXPECT_THROW(clip_percentile(map, 0), base::Error);
}

TEST(PositivePart, SaysWhatBecomesBlank) {
  const at::Tensor maps = at::cat({map_of({-1, 2}, 1), map_of({-1, -2}, 1), map_of({0, -2}, 1)});
  std::vector<std::string> notes;
  EXPECT_TRUE(positive_part(maps, &notes)[0].equal(map_of({0, 2}, 1)[0]));
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_EQ(notes[0],
            "2 of 3 maps have no positive value before the ReLU and are blank (the first: 1)");
  notes.clear();
  positive_part(maps.narrow(0, 0, 1), &notes);
  EXPECT_TRUE(notes.empty());
}

TEST(Resize, BothConventions) {
  const at::Tensor map = map_of({0, 1}, 1);
  // Corners: 0, 1/3, 2/3, 1 (scipy.ndimage.zoom(order=1)). Areas: 0, .25, .75, 1
  // (cv2.INTER_LINEAR).
  EXPECT_TRUE(resize(map, 1, 4, Alignment::corners).allclose(map_of({0, 1. / 3, 2. / 3, 1}, 1)));
  EXPECT_TRUE(resize(map, 1, 4, Alignment::areas).allclose(map_of({0, .25, .75, 1}, 1)));
  EXPECT_TRUE(resize(map, 1, 2).equal(map));
  EXPECT_THROW(resize(map, 0, 2), base::Error);
}

TEST(ReduceChannels, AllKinds) {
  const at::Tensor a = at::tensor({3., -6., 4., 8.}, at::kDouble).view({1, 2, 1, 2});
  EXPECT_TRUE(reduce_channels(a, Channels::max).equal(map_of({4, 8}, 1)));
  EXPECT_TRUE(reduce_channels(a, Channels::sum).equal(map_of({7, 2}, 1)));
  EXPECT_TRUE(reduce_channels(a, Channels::l2).equal(map_of({5, 10}, 1)));
  EXPECT_TRUE(reduce_channels(a, Channels::mean).equal(map_of({3.5, 1}, 1)));
  EXPECT_TRUE(reduce_channels(a, Channels::none).equal(a));
  EXPECT_THROW(reduce_channels(a[0], Channels::max), base::Error);
}

TEST(Names, ReadBackWhatTheyWrite) {
  for (const auto& [name, channels] : kChannelsNames) {
    EXPECT_EQ(value_of(kChannelsNames, name, "way"), channels);
    EXPECT_EQ(name_of(kChannelsNames, channels), name);
  }
  ranklens::testing::expect_error(
      [] { value_of(kChannelsNames, "maximum", "way to reduce channels"); },
      "'maximum' is no way to reduce channels");
}

}  // namespace
}  // namespace ranklens::explain
