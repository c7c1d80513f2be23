#include "ranklens/nn/operators/aten_allowed.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include <ATen/core/jit_type.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/nn/operators/bounds.h"

namespace ranklens::nn {
namespace {

// To be on the list an operator must be a function of its arguments alone (nothing random, no
// running statistics that it moves), give sizes that follow from sizes and not from values, check
// its indices itself, and fill what it returns. So there are none that make tensors out of nothing,
// none of sparse, quantised or nested tensors, no gradients, and no names with an underscore: those
// are libtorch's own, and many of them trust their caller.
constexpr std::array kAllowed{
    // one number at a time
    "abs acos acosh asin asinh atan atanh bitwise_not ceil cos cosh deg2rad digamma erf erfc",
    "erfinv exp exp2 expm1 fix floor frac isfinite isinf isnan isneginf isposinf lgamma log log10",
    "log1p log2 logical_not logit nan_to_num neg positive rad2deg reciprocal round rsqrt sgn",
    "sigmoid sign signbit sin sinc sinh special_expit sqrt square tan tanh trunc",
    // activations
    "celu elu gelu glu hardshrink hardsigmoid hardswish hardtanh leaky_relu log_sigmoid",
    "log_softmax mish prelu relu relu6 selu silu softmax softplus softshrink threshold",
    // two or more
    "add addcdiv addcmul atan2 bitwise_and bitwise_or bitwise_xor clamp clamp_max clamp_min clip",
    "copysign div eq float_power floor_divide fmax fmin fmod ge gt heaviside hypot isclose le lerp",
    "logaddexp logaddexp2 logical_and logical_or logical_xor lt masked_fill maximum minimum mul",
    "multiply ne pow remainder rsub sub subtract true_divide where xlogy",
    // over dimensions
    "all amax amin aminmax any argmax argmin argsort count_nonzero cummax cummin cumprod cumsum",
    "kthvalue linalg_norm linalg_vector_norm logcumsumexp logsumexp max mean min msort nanmean",
    "nansum norm prod sort std std_mean sum topk var var_mean",
    // sizes and places
    "broadcast_to cat channel_shuffle clone column_stack concat contiguous diag_embed diagonal",
    "dstack expand expand_as flatten flip fliplr flipud hstack movedim narrow permute",
    "pixel_shuffle pixel_unshuffle repeat repeat_interleave reshape reshape_as roll rot90 select",
    "slice squeeze stack t tile to transpose tril triu type_as unflatten unfold unsqueeze view",
    "view_as vstack",
    // by index
    "embedding gather index_select scatter scatter_add take_along_dim",
    // products
    "addbmm addmm addmv baddbmm bilinear bmm cdist conv1d conv2d conv3d conv_transpose1d",
    "conv_transpose2d conv_transpose3d convolution cosine_similarity dot einsum inner kron",
    "linalg_cross linalg_vecdot linear matmul mm mv outer pairwise_distance",
    "scaled_dot_product_attention tensordot trace",
    // pools, norms, borders, sampling
    "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d",
    "adaptive_max_pool2d adaptive_max_pool3d avg_pool1d avg_pool2d avg_pool3d max_pool1d",
    "max_pool2d max_pool2d_with_indices max_pool3d",
    "alpha_dropout batch_norm dropout feature_alpha_dropout feature_dropout group_norm",
    "instance_norm layer_norm rms_norm",
    "constant_pad_nd pad reflection_pad1d reflection_pad2d reflection_pad3d replication_pad1d",
    "replication_pad2d replication_pad3d",
    "affine_grid_generator grid_sampler upsample_bicubic2d upsample_bilinear2d upsample_linear1d",
    "upsample_nearest1d upsample_nearest2d upsample_nearest3d upsample_trilinear3d"};

struct AllowedOverloads {
  std::string_view name;
  std::vector<std::string_view> allowed;
};

// Others of these take sizes from values, read bytes as another type, or move to another device.
const std::array kOverloads{
    AllowedOverloads{"narrow", {""}},
    AllowedOverloads{"repeat_interleave", {"self_int"}},
    AllowedOverloads{"to", {"dtype", "other"}},
    AllowedOverloads{"view", {""}},
};

struct AllowedValues {
  std::string_view name, argument;
  std::vector<nlohmann::json> allowed;
};

const std::vector<AllowedValues>& restricted() {
  static const std::vector<AllowedValues> all{
      // Random, from another source than the run's named streams.
      {"alpha_dropout", "train", {false}},
      {"dropout", "train", {false}},
      {"feature_alpha_dropout", "train", {false}},
      {"feature_dropout", "train", {false}},
      {"scaled_dot_product_attention", "dropout_p", {nullptr, 0, 0.0}},
      // Would move the running statistics that the network's state holds.
      {"batch_norm", "training", {false}},
      {"instance_norm", "running_mean", {nullptr}},
      {"instance_norm", "running_var", {nullptr}},
      // The quotient of the smallest integer and -1 ends the program.
      {"div", "rounding_mode", {nullptr, "floor"}},
      // Sparse gradients.
      {"embedding", "sparse", {nullptr, false}},
      {"gather", "sparse_grad", {nullptr, false}},
  };
  return all;
}

// c10::ScalarType and c10::MemoryFormat by number: plain numbers, plain orders.
const std::set<std::int64_t> kTypes{0, 1, 2, 3, 4, 5, 6, 7, 11, 15};
const std::set<std::int64_t> kOrders{0, 1, 2, 3};

std::string_view without_namespace(std::string_view name) {
  return name.substr(name.find(':') + 2);
}

bool is_plain(const c10::Type& type) {
  switch (type.kind()) {
    case c10::TypeKind::TensorType:
    case c10::TypeKind::NumberType:
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType:
    case c10::TypeKind::FloatType:
    case c10::TypeKind::BoolType:
    case c10::TypeKind::StringType:
    case c10::TypeKind::ScalarTypeType:
    case c10::TypeKind::MemoryFormatType:
      return true;
    case c10::TypeKind::OptionalType:
      return is_plain(*type.expectRef<c10::OptionalType>().getElementType());
    case c10::TypeKind::ListType:
      return is_plain(*type.expectRef<c10::ListType>().getElementType());
    default:
      return false;
  }
}

c10::TypeKind inner_kind(const c10::TypePtr& type) {
  if (type->kind() != c10::TypeKind::OptionalType) return type->kind();
  return type->expectRef<c10::OptionalType>().getElementType()->kind();
}

void require_number_of(const std::set<std::int64_t>& known, const nlohmann::json& value,
                       const std::string& name, std::string_view what) {
  if (value.is_null()) return;
  base::require(value.is_number_integer() && known.contains(value.get<std::int64_t>()),
                "the operator '{}' is given {} as a {}, which a network may not use", name,
                value.dump(), what);
}

/// libtorch counts through windows that lie wholly outside, for hours.
void require_window(const nlohmann::json& value, std::string_view what) {
  static const std::set<std::string_view> windows{"kernel_size", "stride",         "padding",
                                                  "dilation",    "output_padding", "output_size"};
  if (!windows.contains(what) || !value.is_array()) return;
  for (const auto& size : value) {
    if (size.is_number()) require_at_most(kLargestWindow, {size.get<std::int64_t>()}, what);
  }
}

}  // namespace

const std::set<std::string>& allowed_operators() {
  static const auto names = [] {
    std::set<std::string> all;
    for (const std::string_view line : kAllowed) {
      for (std::size_t from = 0; from < line.size();) {
        const auto to = std::min(line.find(' ', from), line.size());
        all.insert("aten::" + std::string(line.substr(from, to - from)));
        from = to + 1;
      }
    }
    return all;
  }();
  return names;
}

void require_allowed(const std::string& name, const std::string& overload) {
  const auto& names = allowed_operators();
  // The commonest reason has a sentence of its own: relu_ for relu.
  if (name.ends_with('_') && names.contains(name.substr(0, name.size() - 1))) {
    base::fail("the operator '{}' changes its arguments, which a network may not do; use '{}'",
               name, name.substr(0, name.size() - 1));
  }
  base::require(names.contains(name),
                "the operator '{}' is not among those that a network may call{}", name,
                base::nearest_hint(name, {names.begin(), names.end()}));
  for (const auto& one : kOverloads) {
    if (one.name != without_namespace(name)) continue;
    const auto& list = one.allowed;
    base::require(
        std::find(list.begin(), list.end(), overload) != list.end(),
        "the overload '{}' of the operator '{}' is not among those that a network may call",
        overload, name);
  }
}

void require_pure(const c10::FunctionSchema& schema) {
  const auto& name = schema.name();
  base::require(!schema.is_mutable(),
                "the operator '{}' changes its arguments, which a network may not do", name);
  for (const auto& result : schema.returns()) {
    base::require(result.type()->kind() == c10::TypeKind::TensorType,
                  "the operator '{}' does not return tensors only", name);
  }
  // Dimensions by name are text to the schema.
  const bool named = schema.overload_name().find("name") != std::string::npos;
  for (const auto& argument : schema.arguments()) {
    const auto& type = *argument.real_type();
    const bool left_out = type.kind() == c10::TypeKind::OptionalType;
    base::require(!named && (left_out || is_plain(type)),
                  "the operator '{}' with overload '{}' takes a {}, which a network has not", name,
                  schema.overload_name(), named ? "named dimension" : type.str());
  }
}

void require_allowed_value(const c10::FunctionSchema& schema, const c10::Argument& argument,
                           const nlohmann::json& value) {
  const auto& name = schema.name();
  base::require(value.is_null() || is_plain(*argument.real_type()),
                "the operator '{}' takes a {} as '{}', which a network has not", name,
                argument.real_type()->str(), argument.name());
  const auto kind = inner_kind(argument.real_type());
  if (kind == c10::TypeKind::ScalarTypeType)
    require_number_of(kTypes, value, name, "type of numbers");
  if (kind == c10::TypeKind::MemoryFormatType)
    require_number_of(kOrders, value, name, "memory format");
  require_window(value, argument.name());
  for (const auto& one : restricted()) {
    if (one.name != without_namespace(name) || one.argument != argument.name()) continue;
    const auto& list = one.allowed;
    base::require(std::find(list.begin(), list.end(), value) != list.end(),
                  "the operator '{}' may not be called with {} as '{}' by a network; it may be {}",
                  name, value.is_null() ? "its default" : value.dump(), argument.name(),
                  nlohmann::json(list).dump());
  }
}

}  // namespace ranklens::nn
