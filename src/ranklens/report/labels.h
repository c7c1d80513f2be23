#pragma once

#include <string>
#include <string_view>

/// What ids are called where people read them: "smoothgrad" is SmoothGrad. An id that is not listed
/// is its own label, with spaces for underscores.
namespace ranklens::report {

/// Of a method, of a method on the untrained network ("gradcam untrained"), of a control, of two
/// methods' agreement ("gradcam~smoothgrad", "gradcam~smoothgrad untrained").
std::string method_label(std::string_view id);

struct MetricLabel {
  std::string label;
  std::string unit;  // "" for a pure number
};

MetricLabel metric_label(std::string_view id);

/// "frog" -> "Frog".
std::string capitalised(std::string text);

}  // namespace ranklens::report
