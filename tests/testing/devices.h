#pragma once

#include <c10/core/impl/DeviceGuardImplInterface.h>

namespace ranklens::testing {

/// Whether there is a device of this kind that libtorch can compute on.
inline bool is_here(at::DeviceType device) {
  return device == at::kCPU || (c10::impl::hasDeviceGuardImpl(device) &&
                                c10::impl::getDeviceGuardImpl(device)->deviceCount() > 0);
}

}  // namespace ranklens::testing
