#pragma once

#include <string>
#include <string_view>

#include "ranklens/report/estimate.h"

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

/// The estimate with its interval cut to [lowest, highest].
Estimate within(Estimate estimate, double lowest, double highest);

/// An interval of a metric's mean, without the values that the metric cannot take: an interval by
/// Student's t over a few seeds knows no bounds.
Estimate within_bounds(Estimate estimate, std::string_view metric);

/// "frog" -> "Frog".
std::string capitalised(std::string text);

}  // namespace ranklens::report
