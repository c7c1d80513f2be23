#pragma once

#include <string>
#include <string_view>

namespace ranklens::explain {

/// What a method or control is called in print: "smoothgrad" is SmoothGrad. An id that is not
/// listed is its own label, with spaces for underscores.
std::string method_label(std::string_view name);

}  // namespace ranklens::explain
