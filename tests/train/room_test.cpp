#include "ranklens/train/room.h"

#include <gtest/gtest.h>

#include "ranklens/base/memory.h"
#include "ranklens/train/evaluate.h"
#include "ranklens/train/throughput.h"

#include "testing/expect_error.h"
#include "train/tiny.h"

namespace ranklens::train {
namespace {

using ranklens::testing::expect_error;

/// As many images as fill the machine's memory twice with the largest value, that of the tiny
/// network's convolution: 4 x 8 x 8 numbers.
std::int64_t too_many() {
  return 2 * base::memory_there_is().value_or(std::int64_t{1} << 50) / (4 * 4 * 64);
}

TEST(Room, WhatNoMachineHoldsIsRefused) {
  const auto network = tiny_network();
  expect_error([&] { require_pass_fits(network, too_many(), {}); }, "images at a time takes ");
  expect_error([&] { require_step_fits(network, too_many(), {}); }, "a training step on ");
  expect_error([&] { throughput({network}, {.batch = too_many()}); }, "a training step on ");
  expect_error([&] { throughput({network}, {.batch = too_many(), .training = false}); },
               "a network's answer to ");
  require_pass_fits(network, too_many() / 4, {});
  require_pass_fits(network, too_many() / 3 * 2, {.compute = Compute::bfloat16});
}

TEST(Room, ABatchIsNoLargerThanTheData) {
  const auto network = tiny_network();
  const auto data = tiny_data(6, 1);
  EXPECT_EQ(evaluate(network, data, {.batch = too_many()}).count, 6);
  EXPECT_EQ(fit(network, data, data, {.epochs = 1, .batch = too_many()}).steps, 1);
}

}  // namespace
}  // namespace ranklens::train
