#include "ranklens/base/device.h"

#include <ATen/Context.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <gtest/gtest.h>

#include "testing/expect_error.h"

namespace ranklens::base {
namespace {

using ranklens::testing::expect_error;

int devices_of(c10::DeviceType type) {
  return c10::impl::hasDeviceGuardImpl(type) ? c10::impl::getDeviceGuardImpl(type)->deviceCount()
                                             : 0;
}

TEST(Device, TheProcessorIsAlwaysThere) {
  EXPECT_TRUE(parse_device("cpu").is_cpu());
  synchronise(at::kCPU);
}

TEST(Device, WhatIsNotThereIsSaid) {
  expect_error([] { parse_device("warp"); }, "'warp' names no device; write cpu, cuda or cuda:0");
  expect_error([] { parse_device(""); }, "names no device");
  expect_error([] { parse_device("cuda:99"); }, "there is no device 'cuda:99': this libtorch sees");
  expect_error([] { parse_device("meta"); }, "'meta' computes nothing");
  if (devices_of(at::kCUDA) > 0) GTEST_SKIP() << "this machine has a CUDA device";
  expect_error([] { parse_device("cuda"); },
               "there is no device 'cuda': this libtorch sees 0 of that kind");
}

TEST(Device, ADeviceHasItsNumber) {
  if (devices_of(at::kCUDA) == 0) GTEST_SKIP() << "there is no CUDA device here";
  EXPECT_EQ(parse_device("cuda").index(), 0);
  EXPECT_EQ(parse_device("cuda:0"), parse_device("cuda"));
  synchronise(parse_device("cuda"));
}

TEST(Device, FullPrecisionIsFloat32OfConvolutionsToo) {
  compute_in_full_precision();
  EXPECT_FALSE(at::globalContext().allowTF32CuDNN());
  EXPECT_FALSE(at::globalContext().allowTF32CuBLAS());
}

}  // namespace
}  // namespace ranklens::base
