#include "ranklens/base/device.h"

#include <optional>

#include <ATen/Context.h>
#include <c10/core/Stream.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <c10/util/Exception.h>

#include "ranklens/base/error.h"

namespace ranklens::base {

c10::Device parse_device(const std::string& text) {
  std::optional<c10::Device> parsed;
  try {
    parsed.emplace(text);
  } catch (const c10::Error&) {
    fail("'{}' names no device; write cpu, cuda or cuda:0", text);
  }
  if (parsed->is_cpu()) return *parsed;
  require(!parsed->is_meta(), "'{}' computes nothing; write cpu, cuda or cuda:0", text);
  const bool built = c10::impl::hasDeviceGuardImpl(parsed->type());
  const int count = built ? c10::impl::getDeviceGuardImpl(parsed->type())->deviceCount() : 0;
  require(parsed->index() < count && count > 0,
          "there is no device '{}': this libtorch sees {} of that kind", text, count);
  // Tensors there name their device with its number.
  return parsed->has_index() ? *parsed : c10::impl::getDeviceGuardImpl(parsed->type())->getDevice();
}

void synchronise(c10::Device device) {
  if (device.is_cpu()) return;
  c10::impl::getDeviceGuardImpl(device.type())->getStream(device).synchronize();
}

void compute_in_full_precision() {
  at::globalContext().setAllowTF32CuDNN(false);
  at::globalContext().setAllowTF32CuBLAS(false);
}

}  // namespace ranklens::base
