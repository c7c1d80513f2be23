#pragma once

#include <set>
#include <string>

#include <ATen/core/function_schema.h>
#include <nlohmann/json_fwd.hpp>

namespace ranklens::nn {

/// The operators of libtorch that a network may call, each a function of its arguments alone
/// (docs/model-files.md): "aten::silu", ...
const std::set<std::string>& allowed_operators();

/// An Error, which names the nearest allowed one, for an operator that is not among them or an
/// overload that must not be called.
void require_allowed(const std::string& name, const std::string& overload);

/// What the list relies on, held against libtorch's own schema: nothing is changed, tensors come
/// out, and all arguments are tensors, numbers, truth values, text or lists of these.
void require_pure(const c10::FunctionSchema& schema);

/// Some arguments of allowed operators may have certain values only, such as `train` of a dropout.
/// `value` is what the file gives, or null where it leaves out the argument. An Error otherwise.
void require_allowed_value(const c10::FunctionSchema& schema, const c10::Argument& argument,
                           const nlohmann::json& value);

}  // namespace ranklens::nn
