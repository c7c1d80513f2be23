#pragma once

#include <string>

#include <c10/core/Device.h>

/// Devices by name. Whatever libtorch was built with serves; nothing here knows a kind of its own.
namespace ranklens::base {

/// "cpu", "cuda", "cuda:1": the device, with its number where it has one. Error for any other text,
/// and where this machine has no such device.
c10::Device parse_device(const std::string& text);

/// Waits until a device has done all it was given: before a clock is read. A processor has.
void synchronise(c10::Device device);

/// From now on float32 is float32 on every device: libtorch's default for convolutions on CUDA
/// rounds their factors to 10 bits (TF32), by which maps of two devices would differ in the third
/// digit.
void compute_in_full_precision();

}  // namespace ranklens::base
