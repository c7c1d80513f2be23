#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "ranklens/nn/kernels/table.h"

/// Tensors as the hand-written kernels take them: plain memory, bfloat16 as its 16 bits.
namespace ranklens::nn::fused {

/// The layout that all kernels are written for.
inline constexpr auto channels_last = at::MemoryFormat::ChannelsLast;

/// Whether the elements lie where the kernels can reach them.
inline bool plain(const at::Tensor& t) {
  return t.defined() && t.device().is_cpu() && t.layout() == at::kStrided;
}

/// The elements of t, to be read.
template <class T>
const T* begin_of(const at::Tensor& t) {
  return static_cast<const T*>(t.const_data_ptr());
}

/// The elements of t, to be written.
template <class T>
T* room_of(const at::Tensor& t) {
  return static_cast<T*>(t.mutable_data_ptr());
}

/// Calls body(kernels, number) with those for the type of t; `number` is a zero of the type that
/// they are compiled for.
template <template <class> class Kernels, class Body>
auto by_type(const at::Tensor& t, const kernels::BothTypes<Kernels>& both, const Body& body) {
  return t.scalar_type() == at::kBFloat16 ? body(both.bfloat16, std::uint16_t{})
                                          : body(both.float32, float{});
}

}  // namespace ranklens::nn::fused
