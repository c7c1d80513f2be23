#pragma once

#include <string>
#include <tuple>

#include "testing/devices.h"
#include "tn/drawn.h"

namespace ranklens::testing {

/// Tests that run in each dtype on the processor and on the first GPU; where there is none, they
/// say so and are skipped. Tensors are drawn on the processor, so both see the same numbers.
class OnDevices : public ::testing::TestWithParam<std::tuple<at::ScalarType, at::DeviceType>> {
 protected:
  void SetUp() override {
    if (!is_here(device())) GTEST_SKIP() << "there is no CUDA device here";
  }

  at::ScalarType dtype() const { return std::get<0>(GetParam()); }
  at::DeviceType device() const { return std::get<1>(GetParam()); }
  double rounding() const { return rounding_of(dtype()); }

  at::Tensor here(const at::Tensor& tensor) const { return tensor.to(device()); }
  at::Tensor drawn_here(at::IntArrayRef sizes, std::string_view name) const {
    return here(drawn(sizes, name, dtype()));
  }

  /// Whether a result stayed on the device and in the dtype, and is what was computed elsewhere, on
  /// the processor.
  void expect_is(const at::Tensor& found, const at::Tensor& expected, double bound) const {
    EXPECT_EQ(found.device().type(), device());
    EXPECT_EQ(found.scalar_type(), dtype());
    EXPECT_LT(relative(found.cpu(), expected.cpu()), bound);
  }
};

inline std::string device_name(const ::testing::TestParamInfo<OnDevices::ParamType>& info) {
  return std::string(c10::toString(std::get<0>(info.param))) +
         (std::get<1>(info.param) == at::kCPU ? "OnCPU" : "OnCUDA");
}

}  // namespace ranklens::testing

/// Instantiates the tests of a suite derived from OnDevices.
#define RANKLENS_ON_DEVICES(suite, dtypes)                                                     \
  INSTANTIATE_TEST_SUITE_P(Devices, suite,                                                     \
                           ::testing::Combine(dtypes, ::testing::Values(at::kCPU, at::kCUDA)), \
                           ::ranklens::testing::device_name)
