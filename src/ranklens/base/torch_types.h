#pragma once

#include <array>
#include <string_view>

#include <c10/core/ScalarType.h>

namespace ranklens::base::torch_file {

/// How torch.save names element types: a storage class for the old ones; the newer ones lie in an
/// UntypedStorage beside their dtype.
struct TorchType {
  std::string_view storage;  // "torch FloatStorage", or "" for the newer types
  std::string_view dtype;    // "torch float32"
  at::ScalarType type;
};

inline constexpr std::string_view kUntyped = "torch.storage UntypedStorage";
inline constexpr std::string_view kRebuildOld = "torch._utils _rebuild_tensor";
inline constexpr std::string_view kRebuild = "torch._utils _rebuild_tensor_v2";
inline constexpr std::string_view kRebuildTyped = "torch._utils _rebuild_tensor_v3";
inline constexpr std::string_view kParameter = "torch._utils _rebuild_parameter";
inline constexpr std::string_view kParameterWithState =
    "torch._utils _rebuild_parameter_with_state";

inline constexpr std::array<TorchType, 20> kTorchTypes{{
    {"torch FloatStorage", "torch float32", at::kFloat},
    {"torch DoubleStorage", "torch float64", at::kDouble},
    {"torch HalfStorage", "torch float16", at::kHalf},
    {"torch BFloat16Storage", "torch bfloat16", at::kBFloat16},
    {"torch LongStorage", "torch int64", at::kLong},
    {"torch IntStorage", "torch int32", at::kInt},
    {"torch ShortStorage", "torch int16", at::kShort},
    {"torch CharStorage", "torch int8", at::kChar},
    {"torch ByteStorage", "torch uint8", at::kByte},
    {"torch BoolStorage", "torch bool", at::kBool},
    {"torch ComplexFloatStorage", "torch complex64", at::kComplexFloat},
    {"torch ComplexDoubleStorage", "torch complex128", at::kComplexDouble},
    {"", "torch uint16", at::kUInt16},
    {"", "torch uint32", at::kUInt32},
    {"", "torch uint64", at::kUInt64},
    {"", "torch float8_e4m3fn", at::kFloat8_e4m3fn},
    {"", "torch float8_e5m2", at::kFloat8_e5m2},
    {"", "torch float8_e4m3fnuz", at::kFloat8_e4m3fnuz},
    {"", "torch float8_e5m2fnuz", at::kFloat8_e5m2fnuz},
    {"", "torch float8_e8m0fnu", at::kFloat8_e8m0fnu},
}};

}  // namespace ranklens::base::torch_file
