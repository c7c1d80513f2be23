#include "ranklens/data/loader.h"

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include "ranklens/base/random.h"

#include "testing/expect_error.h"

namespace ranklens::data {
namespace {

using testing::expect_error;

Dataset numbered(std::int64_t n) {
  Dataset data;
  data.images = base::Stream(2, "noise").integers({n, 3, 4, 4}, 256).to(at::kByte);
  data.labels = at::arange(n, at::kLong).remainder(7);
  data.classes = {"0", "1", "2", "3", "4", "5", "6"};
  return data;
}

const LoaderOptions lively{
    .batch = 8, .augment = {.crop = 1, .flip = true, .contrast = 0.2}, .seed = 4};

TEST(Loader, AnEpochHasEveryItemOnce) {
  Loader loader(numbered(30), lively);
  ASSERT_EQ(loader.batches(), 4);
  std::vector<at::Tensor> orders;
  for (std::int64_t epoch = 0; epoch < 2; ++epoch) {
    std::vector<at::Tensor> seen;
    for (std::int64_t b = 0; b < 4; ++b) {
      const Batch batch = loader.next();
      EXPECT_EQ(batch.position, (Position{epoch, b}));
      EXPECT_EQ(batch.last, b == 3);
      EXPECT_EQ(batch.images.size(0), b == 3 ? 6 : 8);
      EXPECT_TRUE(at::equal(batch.labels, batch.indices.remainder(7)));
      seen.push_back(batch.indices);
    }
    orders.push_back(at::cat(seen));
    EXPECT_TRUE(at::equal(std::get<0>(orders.back().sort()), at::arange(30, at::kLong)));
  }
  EXPECT_FALSE(at::equal(orders[0], orders[1]));
}

TEST(Loader, StartedAtAPositionGivesWhatAnotherGivesThere) {
  Loader whole(numbered(30), lively);
  for (int i = 0; i < 6; ++i) whole.next();
  Loader resumed(numbered(30), lively, {.epoch = 1, .batch = 2});
  for (int i = 0; i < 5; ++i) {
    const Batch a = whole.next(), b = resumed.next();
    EXPECT_EQ(a.position, b.position);
    EXPECT_TRUE(at::equal(a.images, b.images));
    EXPECT_TRUE(at::equal(a.indices, b.indices));
  }
}

TEST(Loader, WithoutChangesGivesTheImages) {
  const Dataset data = numbered(10);
  Loader loader(data, {.batch = 4, .shuffle = false, .drop_last = true, .channels_last = true});
  EXPECT_EQ(loader.batches(), 2);
  loader.next();
  const Batch batch = loader.next();
  EXPECT_TRUE(batch.last);
  EXPECT_TRUE(batch.images.is_contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT_TRUE(at::equal(batch.images, data.images.narrow(0, 4, 4).to(at::kFloat).div(255)));
  EXPECT_TRUE(at::equal(batch.images, batch_of(data, at::arange(4, 8, at::kLong)).images));
  EXPECT_EQ(loader.next().position, (Position{1, 0}));
}

TEST(Loader, ExceptionOfTheWorkerComesAfterTheBatchesBeforeIt) {
  LoaderOptions options = lively;
  std::atomic<bool> failing = false;
  options.then = [&failing](const Batch& batch) {
    if (batch.position != Position{0, 2}) return;
    failing = true;
    throw std::runtime_error("a bad item");
  };
  Loader loader(numbered(30), options);
  while (!failing) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // the failure is known by now
  loader.next();
  loader.next();
  for (int i = 0; i < 2; ++i) EXPECT_THROW(loader.next(), std::runtime_error);
}

TEST(Loader, EndsAtAnyMoment) {
  for (int i = 0; i < 50; ++i) {
    Loader loader(numbered(30), lively);
    for (int j = 0; j < i % 5; ++j) loader.next();
    if (i % 2 == 0) std::this_thread::sleep_for(std::chrono::microseconds(100 * i));
  }
}

TEST(Loader, BadOptionsAreRefused) {
  expect_error([] { Loader(numbered(3), {.batch = 0}); }, "a batch holds at least 1 image");
  expect_error([] { Loader(numbered(3), {.batch = 8, .drop_last = true}); },
               "3 images do not fill a batch of 8");
  expect_error([] { Loader(numbered(3), {.batch = 2}, {.batch = 2}); },
               "there is no batch 2 in epoch 0; an epoch has 2");
}

}  // namespace
}  // namespace ranklens::data
