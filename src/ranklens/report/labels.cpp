#include "ranklens/report/labels.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "ranklens/explain/labels.h"
#include "ranklens/metrics/registry.h"
#include "ranklens/study/keys.h"

namespace ranklens::report {
namespace {

struct LabelRow {
  std::string_view id, label, unit;
};

constexpr std::array kMetrics{
    LabelRow{"pointing_game", "pointing game", ""},
    LabelRow{"mass_accuracy", "mass inside the mask", ""},
    LabelRow{"rank_accuracy", "top pixels inside the mask", ""},
    LabelRow{"iou", "overlap with the mask (IoU)", ""},
    LabelRow{"roc_auc", "ROC-AUC of the mask", ""},
    LabelRow{"gini", "Gini index", ""},
    LabelRow{"entropy", "entropy", "nats"},
    LabelRow{"normalised_entropy", "entropy, 1 = even", ""},
    LabelRow{"effective_complexity", "pixels in use", "pixels"},
    LabelRow{"spatial_spread", "spatial spread, 1 = even", ""},
    LabelRow{"deletion", "deletion, probability", ""},
    LabelRow{"insertion", "insertion, probability", ""},
    LabelRow{"deletion_logit", "deletion, logit", ""},
    LabelRow{"insertion_logit", "insertion, logit", ""},
    LabelRow{"spearman", "rank correlation (Spearman)", ""},
    LabelRow{"ssim", "structural similarity (SSIM)", ""},
    LabelRow{"top_k_iou", "overlap of the top tenth (IoU)", ""},
    LabelRow{"cosine", "cosine similarity", ""},
};

}  // namespace

std::string method_label(std::string_view id) {
  if (const auto method = study::untrained_method(id))
    return method_label(*method) + ", untrained network";
  if (const auto pair = study::pair_methods(id))
    return method_label(pair->first) + " with " + method_label(pair->second);
  return explain::method_label(id);
}

Estimate within(Estimate estimate, double lowest, double highest) {
  if (std::isfinite(estimate.low)) estimate.low = std::max(estimate.low, lowest);
  if (std::isfinite(estimate.high)) estimate.high = std::min(estimate.high, highest);
  return estimate;
}

Estimate within_bounds(Estimate estimate, std::string_view metric) {
  const auto& known = metrics::find(metric);
  return within(estimate, known.lowest, known.highest);
}

MetricLabel metric_label(std::string_view id) {
  for (const LabelRow& row : kMetrics) {
    if (row.id == id) return {capitalised(std::string(row.label)), std::string(row.unit)};
  }
  std::string label(id);
  std::replace(label.begin(), label.end(), '_', ' ');
  return {capitalised(std::move(label)), ""};
}

std::string capitalised(std::string text) {
  if (!text.empty())
    text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
  return text;
}

}  // namespace ranklens::report
