#include "ranklens/explain/finish.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "explain/nets.h"
#include "testing/close.h"
#include "testing/expect_error.h"

namespace ranklens::explain {
namespace {

using ranklens::testing::close;

// Two channels of two pixels.
at::Tensor attribution() { return at::tensor({-3.0, 1.0, 2.0, -1.0}).view({1, 2, 1, 2}); }

at::Tensor map_of(const std::vector<double>& values) {
  return at::tensor(values, at::kDouble).view({1, 1, -1});
}

TEST(Finished, TakesMagnitudesBeforeChannels) {
  EXPECT_TRUE(close(finished(attribution(), {}), map_of({-1, 0})));
  EXPECT_TRUE(close(finished(attribution(), {.absolute = true}), map_of({5, 2})));
  EXPECT_TRUE(close(finished(attribution(), {.absolute = true, .channels = Channels::max}),
                    map_of({3, 1})));
}

TEST(Finished, ClipsBeforeItScales) {
  const auto values = at::tensor({0.0, 1.0, 2.0, 3.0, 100.0}).view({1, 1, 1, 5});
  EXPECT_TRUE(close(finished(values, {.clip_percentile = 75}), map_of({0, 1, 2, 3, 3})));
  EXPECT_TRUE(close(finished(values, {.clip_percentile = 75, .scale = true}),
                    map_of({0, 1. / 3, 2. / 3, 1, 1})));
}

TEST(Finished, ChannelsKeptApartAreNeitherClippedNorScaled) {
  EXPECT_TRUE(close(finished(attribution(), {.channels = Channels::none}), attribution()));
  for (const Finish& finish : {Finish{.channels = Channels::none, .scale = true},
                               Finish{.channels = Channels::none, .clip_percentile = 99}}) {
    ranklens::testing::expect_error([&] { finished(attribution(), finish); }, "channel=none");
  }
}

TEST(StaysSigned, IsWhereNegativeValuesAreLeft) {
  const at::Tensor random = noise({20, 3, 4, 4}, 1);
  for (const auto& [name, channels] : kChannelsNames) {
    for (const bool absolute : {false, true}) {
      for (const bool scale : {false, true}) {
        if (scale && channels == Channels::none) continue;
        const Finish finish{.absolute = absolute, .channels = channels, .scale = scale};
        const bool negative = finished(random, finish).lt(0).any().item<bool>();
        EXPECT_EQ(stays_signed(finish, true), negative) << name;
        EXPECT_FALSE(stays_signed(finish, false));
      }
    }
  }
}

}  // namespace
}  // namespace ranklens::explain
